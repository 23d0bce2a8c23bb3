import Combination
import Diagnostics

/// The key `combination.weights`: a weighting's name, a mapping of `name` and its settings, or a number for
/// each task.
struct WeightingSettings: Sendable, Codable {
    let weighting: any LossWeighting
    private static let nameKey = NameKey("name")

    init(_ weighting: any LossWeighting) { self.weighting = weighting }

    init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            weighting = try Self.type(named: name, decoder, at: decoder.codingPath).init()
            return
        }
        // A task may be called `name`, but no weighting is called by a number.
        let given = try? decoder.singleValueContainer().decode([String: Double].self)
        let section = try? decoder.container(keyedBy: NameKey.self)
        if given == nil, let name = try? section?.decode(String.self, forKey: Self.nameKey) {
            let type = try Self.type(named: name, decoder, at: decoder.codingPath + [Self.nameKey])
            weighting = try type.init(from: decoder, besides: [Self.nameKey.stringValue])
            return
        }
        let place = keyPath(decoder.codingPath)
        guard let numbers = given else {
            throw Failure.usage(
                "expected the name of a weighting, or a number for each task"
                    + ((try? FoundValue(from: decoder)).map { ", found \($0)" } ?? ""),
                at: place, remedy: "weights: uncertainty, { name: rate, temperature: 2 }, or { cola: 2 }")
        }
        if numbers.isEmpty { throw Failure.usage("is empty, expected a number for a task", at: place) }
        for (task, number) in numbers.sorted(by: { $0.key < $1.key }) where !(1e-6...1e6).contains(number) {
            throw Failure.usage("is \(number), expected 1e-06 to 1000000", at: "\(place).\(task)")
        }
        weighting = Given(numbers)
    }

    private static func type(
        named name: String, _ decoder: any Decoder, at path: [any CodingKey]
    ) throws -> any LossWeighting.Type {
        if let type = WeightingTable.weighting(named: name) { return type }
        throw WeightingTable.methods.unknown(name, decoder, at: path)
    }

    func encode(to encoder: any Encoder) throws {
        if let given = weighting as? Given { return try given.numbers.encode(to: encoder) }
        let type = Swift.type(of: weighting)
        if type.settings.isEmpty { return try type.name.encode(to: encoder) }
        var section = encoder.container(keyedBy: NameKey.self)
        try section.encode(type.name, forKey: Self.nameKey)
        try weighting.encode(to: encoder)
    }
}

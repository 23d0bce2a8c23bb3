import Formats

/// A number that a run is compared by, beside its scores.
struct RunFact: Sendable {
    /// What it is called in machine-readable tables.
    let key: String
    /// What it is called in tables for readers.
    let name: String
    /// Its decimals; nil for a count.
    let digits: Int?
    /// Whether tables have it only where a run does.
    let isRare: Bool
    private let find: @Sendable (JSONValue) -> Double?

    /// Reads it from `results.json`.
    func read(_ results: JSONValue) -> Double? { find(results) }

    static let parametersPerTask = "parametersPerTask"
    static let secondsPerStep = "secondsPerStep"
    static let adapterBytes = "adapterBytes"

    /// All facts, in the order of tables.
    static let all: [RunFact] = [
        parameter(parametersPerTask, "parameters per task", "adapterPerTask"),
        parameter("keptPerTask", "after pruning", "keptPerTask", isRare: true),
        RunFact(key: "percentOfBackbone", name: "% of the backbone", digits: 3, isRare: false) {
            $0["parameters"]?["shareOfBackbone"]?.double.map { 100 * $0 }
        }, parameter("parametersAllTasks", "parameters, all tasks", "adapterAllTasks"),
        parameter("headsAllTasks", "heads, all tasks", "headsAllTasks"),
        RunFact(key: "operationsFrozen", name: "forward operations per token", digits: nil, isRare: false) {
            operations($0)?.frozen
        },
        RunFact(key: "operationsAdded", name: "added by the method", digits: nil, isRare: false) {
            operations($0)?.added
        },
        RunFact(key: "percentOperationsAdded", name: "added, %", digits: 3, isRare: false) {
            operations($0).flatMap { $0.frozen > 0 ? 100 * $0.added / $0.frozen : nil }
        }, RunFact(key: adapterBytes, name: "adapter file, bytes", digits: nil, isRare: false) { _ in nil },
        plain("bytesPerStep", "bytes per step"),
        RunFact(key: secondsPerStep, name: "seconds per step", digits: 4, isRare: false) { _ in nil },
        plain("steps", "steps"), plain("seconds", "seconds", digits: 1),
    ]

    private init(
        key: String, name: String, digits: Int?, isRare: Bool,
        find: @escaping @Sendable (JSONValue) -> Double?
    ) {
        (self.key, self.name, self.digits, self.isRare, self.find) = (key, name, digits, isRare, find)
    }

    private static func plain(_ key: String, _ name: String, digits: Int? = nil) -> RunFact {
        RunFact(key: key, name: name, digits: digits, isRare: false) { $0[key]?.double }
    }

    private static func parameter(
        _ key: String, _ name: String, _ own: String, isRare: Bool = false
    ) -> RunFact {
        RunFact(key: key, name: name, digits: nil, isRare: isRare) { $0["parameters"]?[own]?.double }
    }

    /// Of the forward for one token: the frozen backbone's, and what the method adds.
    private static func operations(_ results: JSONValue) -> (frozen: Double, added: Double)? {
        let operations = results["parameters"]?["operationsPerToken"]
        guard let frozen = operations?["frozen"]?.double, let added = operations?["added"]?.double else {
            return nil
        }
        return (frozen, added)
    }
}

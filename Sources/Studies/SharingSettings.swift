package import Adapters
import Diagnostics

/// Who shares a parameter.
package enum SharingMode: String, NamedChoice {
    /// All tasks have one.
    case all
    /// Each group of `sharing.groups` has one; a task in no group has its own.
    case groups
    /// Each task has its own.
    case `private`
}

/// Who shares the parameters of one kind: one mode, or a mode for each range of layers.
package struct SharingRule: Sendable, Codable, Equatable {
    private let parts: [(layers: LayerSet, mode: SharingMode)]

    /// The same mode in every layer.
    package init(_ mode: SharingMode) { parts = [(.all, mode)] }

    /// Reads a mode, or a mapping from layers (`0-3`) to modes, which must not overlap.
    package init(from decoder: any Decoder) throws {
        if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            parts = [(.all, try SharingMode(from: decoder))]
            return
        }
        let place = keyPath(decoder.codingPath)
        guard let container = try? decoder.container(keyedBy: RangeKey.self) else {
            throw Failure.usage(
                "expected all, groups, private, or a mapping such as {0-3: all, 4-5: private}", at: place)
        }
        parts = try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
            guard let layers = LayerSet(key.stringValue) else {
                throw Failure.usage(
                    "'\(key.stringValue)' is no set of layers such as '0-3' or '0,2'", at: place)
            }
            return (layers, try container.decode(SharingMode.self, forKey: key))
        }
    }

    /// Writes what was read.
    package func encode(to encoder: any Encoder) throws {
        if parts.count == 1, parts[0].layers == .all {
            try parts[0].mode.encode(to: encoder)
        } else {
            var container = encoder.container(keyedBy: RangeKey.self)
            for part in parts { try container.encode(part.mode, forKey: RangeKey(part.layers.text)) }
        }
    }

    /// Whether two rules say the same.
    package static func == (left: SharingRule, right: SharingRule) -> Bool {
        left.parts.elementsEqual(right.parts) { $0.layers == $1.layers && $0.mode == $1.mode }
    }

    /// The mode of a layer of `layers`, or of what belongs to none (nil); layers named twice or not at all are failures.
    func mode(layer: Int?, of layers: Int, key: String) throws -> SharingMode {
        guard let layer else {
            guard parts.count == 1, parts[0].layers == .all else {
                throw Failure.usage(
                    "maps layers, but \(key == "sharing.head" ? "a head" : "what is trained of embeddings or pooler") belongs to no layer",
                    at: key,
                    remedy: "use all, groups or private")
            }
            return parts[0].mode
        }
        let found = try parts.filter { try $0.layers.indices(of: layers, key: key).contains(layer) }
        guard found.count == 1 else {
            throw Failure.usage(
                "names layer \(layer) \(found.isEmpty ? "not at all" : "\(found.count) times")", at: key,
                remedy: "each of layers 0-\(layers - 1) needs one mode")
        }
        return found[0].mode
    }

    private struct RangeKey: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}

/// The `sharing` section: a rule for each kind of parameter, and the groups that rules may name.
package struct SharingSettings: Sendable, Codable, Equatable {
    /// Vectors and matrices that act on activations.
    package let weight: SharingRule
    /// Vectors that are added.
    package let bias: SharingRule
    /// LayerNorms.
    package let norm: SharingRule
    /// Heads.
    package let head: SharingRule
    /// Tasks by the name of their group.
    package let groups: [String: [String]]

    enum CodingKeys: String, CodingKey, CaseIterable { case weight, bias, norm, head, groups }

    /// Adapters shared by all tasks, heads private.
    package init() {
        weight = SharingRule(.all)
        bias = SharingRule(.all)
        norm = SharingRule(.all)
        head = SharingRule(.private)
        groups = [:]
    }

    /// Reads the section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        weight = try section.value(.weight, default: SharingRule(.all))
        bias = try section.value(.bias, default: SharingRule(.all))
        norm = try section.value(.norm, default: SharingRule(.all))
        head = try section.value(.head, default: SharingRule(.private))
        groups = try section.value(.groups, default: [:])
    }

    /// The rule of a kind.
    package func rule(_ kind: ParameterKind) -> SharingRule {
        switch kind {
        case .weight: weight
        case .bias: bias
        case .norm: norm
        case .head: head
        }
    }

    /// Refuses groups that name tasks the study doesn't have, or one task twice.
    func check(taskNames: [String]) throws {
        var seen: Set<String> = []
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
            for member in members {
                guard taskNames.contains(member) else {
                    throw Failure.usage(
                        "has '\(member)', which is not among the study's tasks",
                        at: "sharing.groups.\(group)",
                        remedy: didYouMean(member, among: taskNames))
                }
                guard seen.insert(member).inserted else {
                    throw Failure.usage("has '\(member)' a second time", at: "sharing.groups.\(group)")
                }
            }
        }
    }

    /// The name of whoever owns a task's copy of a slice.
    package func owner(of slice: ParameterSlice, task: String, layers: Int) throws -> String {
        let key = "sharing.\(slice.kind.rawValue)"
        switch try rule(slice.kind).mode(layer: slice.layer, of: layers, key: key) {
        case .all: return "all"
        case .private: return "task:\(task)"
        case .groups:
            guard let group = groups.sorted(by: { $0.key < $1.key }).first(where: { $0.value.contains(task) })
            else {
                return "task:\(task)"
            }
            return "group:\(group.key)"
        }
    }
}

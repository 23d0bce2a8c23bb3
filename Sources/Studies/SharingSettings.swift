package import Adapters
import Diagnostics

/// The tasks that share a parameter.
package enum SharingMode: String, NamedChoice {
    /// All tasks share it.
    case all
    /// The tasks of each group in `sharing.groups` share it; a task in no group has its own.
    case groups
    /// Each task has its own.
    case `private`
}

/// The sharing of one kind of parameter: one mode, or a mode for each range of layers.
package struct SharingRule: Sendable, Codable, Equatable {
    private let parts: [(layers: LayerSet, mode: SharingMode)]

    /// One mode for every layer.
    package init(_ mode: SharingMode) { parts = [(.all, mode)] }

    /// Reads a mode, or a mapping from layers (`0-3`) to modes, whose layers must not overlap.
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
                    "'\(key.stringValue)' is not a set of layers such as '0-3' or '0,2'", at: place)
            }
            return (layers, try container.decode(SharingMode.self, forKey: key))
        }
    }

    /// Whether some layers have a mode.
    func uses(_ mode: SharingMode) -> Bool { parts.contains { $0.mode == mode } }

    package func encode(to encoder: any Encoder) throws {
        if parts.count == 1, parts[0].layers == .all {
            try parts[0].mode.encode(to: encoder)
        } else {
            var container = encoder.container(keyedBy: RangeKey.self)
            for part in parts { try container.encode(part.mode, forKey: RangeKey(part.layers.text)) }
        }
    }

    package static func == (left: SharingRule, right: SharingRule) -> Bool {
        left.parts.elementsEqual(right.parts) { $0.layers == $1.layers && $0.mode == $1.mode }
    }

    /// The mode of a layer, or of parameters that belong to no layer (nil).
    ///
    /// - Throws: a failure if the rule names the layer twice or not at all
    func mode(layer: Int?, of layers: Int, key: String) throws -> SharingMode {
        guard let layer else {
            guard parts.count == 1, parts[0].layers == .all else {
                throw Failure.usage(
                    "maps layers, but \(key == "sharing.head" ? "a head" : "an embedding or the pooler") "
                        + "belongs to no layer", at: key, remedy: "use all, groups or private")
            }
            return parts[0].mode
        }
        let found = try parts.filter { try $0.layers.indices(of: layers, key: key).contains(layer) }
        guard found.count == 1 else {
            throw Failure.usage(
                found.isEmpty
                    ? "leaves out "
                        + "layer \(layer)" : "names layer \(layer) \(found.count) times", at: key,
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

/// The `sharing` section: a rule for each kind of parameter, and the groups of tasks.
package struct SharingSettings: Sendable, Codable, Equatable {
    /// Vectors and matrices that multiply activations.
    package private(set) var weight = SharingRule(.all)
    /// Vectors that are added to activations.
    package private(set) var bias = SharingRule(.all)
    /// LayerNorms.
    package private(set) var norm = SharingRule(.all)
    package private(set) var head = SharingRule(.private)
    /// The tasks of each group.
    package private(set) var groups: [String: [String]] = [:]

    enum CodingKeys: String, CodingKey, CaseIterable { case weight, bias, norm, head, groups }

    package init() {}

    /// Reads a mapping, or a mode for the whole adapter: `sharing: private`.
    package init(from decoder: any Decoder) throws {
        if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            let rule = SharingRule(try SharingMode(from: decoder))
            (weight, bias, norm) = (rule, rule, rule)
            return
        }
        let section = try SettingsSection<CodingKeys>(decoder)
        weight = try section.value(.weight, default: weight)
        bias = try section.value(.bias, default: bias)
        norm = try section.value(.norm, default: norm)
        head = try section.value(.head, default: head)
        groups = try section.value(.groups, default: groups)
    }

    /// A copy in which the tasks of each group share the adapter.
    package func grouped(_ groups: [String: [String]]) -> SharingSettings {
        var sharing = self
        let rule = SharingRule(groups.isEmpty ? .private : .groups)
        (sharing.weight, sharing.bias, sharing.norm) = (rule, rule, rule)
        sharing.groups = groups
        return sharing
    }

    package func rule(_ kind: ParameterKind) -> SharingRule {
        switch kind {
        case .weight: weight
        case .bias: bias
        case .norm: norm
        case .head: head
        }
    }

    /// Refuses groups that no kind of parameter is shared by, kinds shared by groups that are not named, and
    /// a group with a task that is not in the study or that another group has.
    func check(taskNames: [String]) throws {
        var seen: Set<String> = []
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
            try requireTasks(members, among: taskNames, at: "sharing.groups.\(group)")
            for member in members {
                guard seen.insert(member).inserted else {
                    throw Failure.usage("lists '\(member)' twice", at: "sharing.groups.\(group)")
                }
            }
        }
        let grouped = ParameterKind.allCases.first { rule($0).uses(.groups) }
        if let grouped, groups.isEmpty {
            throw Failure.usage(
                "is groups, but sharing.groups names none", at: "sharing.\(grouped.rawValue)",
                remedy: "name them, such as groups: { pairs: [mrpc, rte] }, or use all or private")
        }
        if grouped == nil, !groups.isEmpty {
            throw Failure.usage(
                "names groups, but no kind of parameter is shared by them", at: "sharing.groups",
                remedy: "set weight, bias, norm or head to groups, or leave groups out")
        }
    }

    /// The owner of a task's slice: `all`, `group:NAME` or `task:NAME`.
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

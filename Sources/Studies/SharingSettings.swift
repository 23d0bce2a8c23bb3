package import Adapters
import Diagnostics

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
            let rule = SharingRule(try SharingRule.Mode(from: decoder))
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

    /// A copy in which the tasks of each group share the adapter; heads that other groups shared are private,
    /// since classes of the tasks may differ.
    package func grouped(_ groups: [String: [String]]) -> SharingSettings {
        var sharing = self
        let rule = SharingRule(groups.isEmpty ? .private : .groups)
        (sharing.weight, sharing.bias, sharing.norm) = (rule, rule, rule)
        if head.uses(.groups) { sharing.head = SharingRule(.private) }
        sharing.groups = groups
        return sharing
    }

    /// Whether some parameters may belong to several tasks.
    var sharesParameters: Bool {
        ParameterKind.allCases.contains { rule($0).uses(.all) || rule($0).uses(.groups) }
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

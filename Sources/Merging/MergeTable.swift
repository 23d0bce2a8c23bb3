package import Diagnostics

/// The merge rules; a test compares the table with the files in `Rules/`.
package enum MergeTable {
    package static let all: [any MergeRule.Type] = [
        Average.self, TaskArithmetic.self, TIES.self, DARE.self, Stock.self,
    ]

    package static let methods = MethodTable("rule", all)

    package static func rule(named name: String) -> (any MergeRule.Type)? { all.first { $0.name == name } }
}

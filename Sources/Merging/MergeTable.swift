/// The merge rules; a test compares the table with the files in `Rules/`.
package enum MergeTable {
    package static let all: [any MergeRule.Type] = [
        Average.self, TaskArithmetic.self, TIES.self, DARE.self, Stock.self,
    ]

    package static var names: [String] { all.map { $0.name } }

    package static func rule(named name: String) -> (any MergeRule.Type)? { all.first { $0.name == name } }
}

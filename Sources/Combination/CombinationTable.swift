package import Diagnostics

/// The combination rules; a test compares the table with the files in `Rules/`.
package enum CombinationTable {
    package static let all: [any CombinationRule.Type] = [
        Sum.self, Mean.self, PCGrad.self, MGDA.self, UPGrad.self, IMTL.self, Aligned.self, CAGrad.self,
        Dual.self, GradVac.self, Nash.self, FairGrad.self, ConFIG.self, Balanced.self,
    ]

    package static let methods = MethodTable("rule", all)

    package static func rule(named name: String) -> (any CombinationRule.Type)? {
        all.first { $0.name == name }
    }

    /// The rule of a study that names none.
    package static let sum: any CombinationRule = Sum()
}

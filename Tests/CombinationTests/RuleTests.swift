import Combination
import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

/// The weights of every rule, against TorchJD and against the conditions that define them.
@Suite("Combination rules")
struct RuleTests {
    /// A Gram matrix of `Tests/Golden/combination`, and TorchJD's weights by rule.
    struct Case: Sendable, Decodable, CustomTestStringConvertible {
        let name: String
        let gramian: [[Double]]
        let orders: [[Int]]
        let weights: [String: [Double]]
        var testDescription: String { name }

        /// The matrix with trace 1, to which TorchJD's weights belong.
        var unit: [[Double]] {
            let trace = gramian.indices.reduce(0) { $0 + gramian[$1][$1] }
            return trace > 0 ? gramian.map { $0.map { $0 / trace } } : gramian
        }

        static let all: [Case] = {
            let data = FileManager.default.contents(atPath: "\(Golden.folder)/combination/cases.json")
            return data.flatMap { try? JSONDecoder().decode([Case].self, from: $0) } ?? []
        }()
    }

    private struct GivenOrders: TaskOrders {
        let orders: [[Int]]
        func order(of count: Int, for task: Int) -> [Int] { orders[task] }
    }

    /// The largest length of the difference of two results, in units of √trace(G).
    ///
    /// The weights of dependent gradients are not unique, so results are compared.
    private static let tolerances: [String: Double] = [
        // A length is the root of a sum, so rounding of 1e-16 in the weights can show as 1e-8.
        "mean": 1e-14, "pcgrad": 1e-13, "gradvac": 1e-7, "imtl": 1e-7, "aligned": 1e-7, "config": 1e-7,
        // The source adds 1e-8 to a length: 3e-6 of the quotient for one 300 times shorter than the whole.
        "balanced": 1e-5,
        // Exact here and in quadprog.
        "upgrad": 1e-7, "dual": 1e-7,
        // TorchJD's steps of Frank and Wolfe converge slowly, and end after 20000.
        "mgda": 1e-3,
        // An interior-point solver to 1e-8 in the objective, thus its square root in the weights.
        "cagrad": 3e-4,
        // Least squares to 1e-8 in the cost.
        "fairgrad": 1e-4,
        // At most 20 linearised programs, stopped at a residual of 1e-3.
        "nash": 1e-3,
    ]

    /// The weights in the last of some equal steps.
    private static func weights(
        _ rule: any CombinationRule, _ test: Case, _ gramian: [[Double]], steps: Int = 1
    ) -> [Double]? {
        let comparison = TaskComparison(SymmetricMatrix(gramian), orders: GivenOrders(orders: test.orders))
        guard let rule = rule as? any RememberingRule else { return rule.weights(comparison) }
        var memory = gramian.map { $0.map { _ in 0.0 } }
        for _ in 1..<steps { _ = rule.weights(comparison, memory: &memory) }
        return rule.weights(comparison, memory: &memory)
    }

    /// √(vᵀGv), the length of Σ v_t g_t.
    private static func length(_ v: [Double], _ g: [[Double]]) -> Double {
        max(0, v.indices.reduce(0) { sum, i in sum + v.indices.reduce(0) { $0 + v[i] * g[i][$1] * v[$1] } })
            .squareRoot()
    }

    /// A rule with some settings, read as a study reads it.
    private static func rule(_ name: String, _ settings: [String: Double] = [:]) throws -> any CombinationRule
    {
        let type = try #require(CombinationTable.rule(named: name))
        let decoder = JSONDecoder()
        decoder.userInfo[.rule] = type
        return try decoder.decode(Read.self, from: JSONEncoder().encode(settings)).rule
    }

    private struct Read: Decodable {
        let rule: any CombinationRule
        init(from decoder: any Decoder) throws {
            let type = try #require(decoder.userInfo[.rule] as? any CombinationRule.Type)
            rule = try type.init(from: decoder, besides: [])
        }
    }

    @Test("Every rule of the table has its file, its golden and a description of its own")
    func table() throws {
        let folder = URL(filePath: Golden.folder).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Combination/Rules").path(percentEncoded: false)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        let names = CombinationTable.all.map { $0.name }
        #expect(Set(files.map { $0.dropLast(6).lowercased() }) == Set(names) && files.count == names.count)
        let golden = Set(Case.all.flatMap { $0.weights.keys })
        #expect(golden.union(["sum"]) == Set(names))
        #expect(Set(CombinationTable.all.map { $0.summary }).count == names.count)
        #expect(CombinationTable.all.allSatisfy { !$0.source.isEmpty })
    }

    @Test("The weights lead where TorchJD's do", arguments: Case.all)
    func golden(_ test: Case) throws {
        #expect(!test.weights.isEmpty)
        for (name, expected) in test.weights {
            let rule = try Self.rule(name, name == "fairgrad" ? ["alpha": 2] : [:])
            let found = try #require(Self.weights(rule, test, test.unit, steps: 2), "\(name)")
            let difference = Self.length(zip(found, expected).map { $0 - $1 }, test.unit)
            #expect(difference <= Self.tolerances[name] ?? 0, "\(name): \(found), TorchJD \(expected)")
        }
    }

    @Test("Weights do not depend on the unit of the gradients", arguments: Case.all)
    func scales(_ test: Case) throws {
        for type in CombinationTable.all {
            let base = Self.weights(type.init(), test, test.unit)
            for scale in [1e-40, 1e40] {
                let scaled = test.unit.map { $0.map { $0 * scale } }
                let found = Self.weights(type.init(), test, scaled)
                #expect((found == nil) == (base == nil), "\(type.name)")
                // Those of the two rules with Gw = w^(-p) have the unit 1/length.
                let factor = ["nash", "fairgrad"].contains(type.name) ? scale.squareRoot() : 1
                for (a, b) in zip(found ?? [], base ?? []) {
                    #expect(abs(a * factor - b) <= 1e-7 * (1 + abs(b)), "\(type.name) \(scale)")
                }
            }
        }
    }

    @Test("Weights are finite where the gradients' lengths differ by forty orders of magnitude")
    func mixedScales() throws {
        let rows = [[1e-40, -1e-21, 1e-1], [-1e-21, 1, -1e19], [1e-1, -1e19, 1e40]]
        let test = Case(
            name: "mixed", gramian: rows, orders: [[0, 1, 2], [2, 1, 0], [1, 0, 2]], weights: [:])
        for type in CombinationTable.all {
            let found = Self.weights(type.init(), test, rows)
            #expect(found?.allSatisfy(\.isFinite) ?? true, "\(type.name)")
        }
    }

    // MARK: Conditions

    /// G w: the inner products of the result with every gradient.
    private static func products(_ w: [Double], _ g: [[Double]]) -> [Double] {
        g.map { row in zip(row, w).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    @Test("MGDA's vector is at least as long towards every gradient as itself, so it is the shortest")
    func shortest() throws {
        for test in Case.all {
            let w = try #require(Self.weights(Self.rule("mgda"), test, test.unit))
            #expect(w.allSatisfy { $0 >= 0 } && abs(w.reduce(0, +) - 1) < 1e-12)
            let square = Self.length(w, test.unit) * Self.length(w, test.unit)
            #expect(Self.products(w, test.unit).allSatisfy { $0 >= square - 1e-12 }, "\(test.name)")
        }
    }

    @Test(
        "The results of UPGrad and of the dual cone conflict with no gradient", arguments: ["upgrad", "dual"])
    func noConflict(name: String) throws {
        for test in Case.all {
            let rule = try Self.rule(name, ["regularization": 1e-12])
            let w = try #require(Self.weights(rule, test, test.unit), "\(test.name)")
            #expect(Self.products(w, test.unit).allSatisfy { $0 >= -1e-9 }, "\(test.name)")
        }
    }

    @Test("Nash's weights solve Gw = 1/w, FairGrad's Gw = w^(-1/alpha)")
    func fairness() throws {
        for test in Case.all where test.weights["fairgrad"] != nil {
            let w = try #require(Self.weights(Self.rule("nash", ["maximumNorm": 0]), test, test.gramian))
            for (product, weight) in zip(Self.products(w, test.gramian), w) {
                #expect(abs(product * weight - 1) < 1e-8, "\(test.name)")
            }
            for alpha in [0.5, 1, 2, 5] {
                let w = try #require(
                    Self.weights(Self.rule("fairgrad", ["alpha": alpha]), test, test.gramian))
                for (product, weight) in zip(Self.products(w, test.gramian), w) {
                    #expect(abs(pow(product, alpha) * weight - 1) < 1e-6, "\(test.name) \(alpha)")
                }
            }
        }
    }

    @Test(
        "Nash and FairGrad have no solution where tasks cannot agree, and otherwise one of their equation",
        arguments: ["nash", "fairgrad"])
    func degenerate(name: String) throws {
        let rule = try Self.rule(name, name == "nash" ? ["maximumNorm": 0] : ["alpha": 1])
        for test in Case.all where test.weights["fairgrad"] == nil {
            guard let w = Self.weights(rule, test, test.gramian) else {
                #expect(
                    ["opposite", "a zero", "zeros", "rank one", "dependent"].contains(test.name),
                    "\(test.name) has no weights")
                continue
            }
            #expect(!["opposite", "a zero", "zeros"].contains(test.name), "\(test.name): \(w)")
            for (product, weight) in zip(Self.products(w, test.gramian), w) {
                #expect(abs(product * weight - 1) < 1e-6, "\(test.name): \(w)")
            }
        }
    }

    @Test("DB-MTL divides a gradient by its loss, and keeps β/k^σ of the average in step k")
    func averages() throws {
        let settings = ["beta": 0.6, "sigma": 0.5]
        let rule = try #require(try Self.rule("balanced", settings) as? any AveragingRule)
        #expect(abs(rule.factor(loss: 0.25) - 4) < 1e-6)
        #expect(rule.kept(step: 1) == 0.6 && rule.kept(step: 4) == 0.3)
    }
}

extension CodingUserInfoKey {
    fileprivate static let rule = CodingUserInfoKey(rawValue: "rule")!
}

import Diagnostics
import Foundation
import Merging
import TestSupport
import Testing

/// The merged offsets of every rule, against PEFT's functions and mergekit's formula.
@Suite("Merge rules")
struct MergeRuleTests {
    /// Offsets of `Tests/Golden/merge`, and the merged offset by rule.
    struct Case: Sendable, Decodable, CustomTestStringConvertible {
        let name: String
        let offsets: [[Float]]
        let weights: [Double]
        let density: Double
        let kept: [[Bool]]
        let merged: [String: [Double]]
        var testDescription: String { name }

        static let all: [Case] = {
            let data = FileManager.default.contents(atPath: "\(Golden.folder)/merge/cases.json")
            return data.flatMap { try? JSONDecoder().decode([Case].self, from: $0) } ?? []
        }()
    }

    private struct GivenChoice: EntryChoice {
        let kept: [[Bool]]
        func keeps(_ entry: Int, of adapter: Int) -> Bool { kept[adapter][entry] }
    }

    private static func names(_ count: Int) -> [String] { (0..<count).map { "task\($0)" } }

    @Test("Every rule of the table has its file, its golden and a description of its own")
    func table() throws {
        let folder = URL(filePath: Golden.folder).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Merging/Rules").path(percentEncoded: false)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        let types = MergeTable.all.map { "\($0)" }
        #expect(Set(files.map { String($0.dropLast(6)) }) == Set(types) && files.count == types.count)
        #expect(
            !Case.all.isEmpty && Case.all.allSatisfy { Set($0.merged.keys) == Set(MergeTable.methods.names) })
        #expect(Set(MergeTable.all.map { $0.summary }).count == types.count)
        #expect(MergeTable.all.allSatisfy { !$0.source.isEmpty })
    }

    @Test("Merged offsets are those of PEFT and mergekit, rounded to F32", arguments: Case.all)
    func golden(_ test: Case) throws {
        for rule in MergeTable.all {
            let expected = try #require(test.merged[rule.name])
            var instance: any MergeRule = rule.init()
            if var thinning = instance as? any ThinningRule {
                thinning.density = test.density
                instance = thinning
            }
            let found = instance.merged(
                TensorOffsets(
                    test.offsets, weights: test.weights, choice: GivenChoice(kept: test.kept)))
            #expect(found.count == expected.count)
            // Sums of a few numbers in double precision, rounded once to 24 bits, or to a subnormal number.
            let largest = expected.map(abs).max() ?? 0
            let smallest = Double(Float.leastNonzeroMagnitude)
            for (a, b) in zip(found, expected) {
                let tolerance = 1e-7 * abs(b) + 1e-14 * largest + smallest
                #expect(abs(Double(a) - b) <= tolerance, "\(rule.name): \(a), \(b)")
            }
        }
    }

    @Test("One adapter is its own average, sum and stock, and dense rules keep it whole")
    func alone() throws {
        for rule in MergeTable.all {
            let settings = try MergeSettings(
                rule: rule.name, of: ["one"], density: rule is any ThinningRule.Type ? 1 : nil)
            #expect(settings.merged("a", [[1, -2, 0]]) == [1, -2, 0], "\(rule.name)")
            #expect(settings.merged("a", [[]]) == [], "\(rule.name)")
        }
    }

    @Test("An offset that several adapters have counts as often in a mean, and once in other rules")
    func shared() throws {
        let (ofThree, alone): ([Float], [Float]) = ([1, -2, 8, 0.5], [5, 2, -4, 1])
        for rule in MergeTable.all {
            let density = rule is any ThinningRule.Type ? 1.0 : nil
            func settings(_ names: [String], _ weights: [Double]?) throws -> MergeSettings {
                try MergeSettings(
                    rule: rule.name, of: names, weights: rule.takesWeights ? weights : nil, density: density)
            }
            let found = try settings(["a", "b", "c", "d"], [1, 3, 2, 4])
                .merged("w", [ofThree, alone], of: [[0, 1, 2], [3]])
            let pair = try settings(["a", "d"], rule.addsWeights ? [6, 4] : [2, 4])
            #expect(found == pair.merged("w", [ofThree, alone]), "\(rule.name)")
        }
        // Random numbers do not depend on the order of the adapters that share.
        let forward = try MergeSettings(rule: "dare", of: ["a", "b", "c"])
        let backward = try MergeSettings(rule: "dare", of: ["c", "b", "a"])
        #expect(
            forward.merged("w", [ofThree, alone], of: [[0, 1], [2]])
                == backward.merged("w", [ofThree, alone], of: [[1, 2], [0]]))
    }

    @Test("The order of adapters changes no random number")
    func order() throws {
        let offsets: [[Float]] = [(0..<50).map { Float($0) }, (0..<50).map { Float(-2 * $0) }]
        let forward = try MergeSettings(rule: "dare", of: ["a", "b"], seed: 3)
        let backward = try MergeSettings(rule: "dare", of: ["b", "a"], seed: 3)
        let merged = forward.merged("w", offsets)
        #expect(merged == backward.merged("w", offsets.reversed()))
        #expect(merged != forward.merged("v", offsets))
        #expect(try merged != MergeSettings(rule: "dare", of: ["a", "b"], seed: 4).merged("w", offsets))
        // Half of the entries are kept: 50 ± 5 standard deviations of 5.
        let settings = try MergeSettings(rule: "dare", of: ["a"], seed: 3)
        let kept = settings.merged("w", [[Float](repeating: 1, count: 100)])
        #expect(kept.allSatisfy { $0 == 0 || $0 == 2 } && (25...75).contains(kept.count { $0 == 2 }))
    }

    @Test(
        "Wrong settings are named with what is allowed",
        arguments: [
            ("tise", nil, nil, nil, "--rule: unknown rule 'tise'; did you mean 'ties'?"),
            ("stock", [1], nil, nil, "--weights: stock takes no weights; leave it out; it is for average, "),
            ("average", nil, 0.5, nil, "--density: average keeps every entry; leave it out; it is for ties"),
            ("ties", nil, nil, 1, "--seed: ties draws no random numbers; leave it out; it is for dare"),
            ("ties", nil, 0, nil, "--density: is 0.0, expected more than 0, at most 1"),
            ("ties", nil, .nan, nil, "--density: is nan, expected more than 0"),
            (
                "ties", [1, 2, 3], nil, nil,
                "--weights: has 3 numbers for 2 adapters; give one number, or one "
            ),
            (
                "average", [1, -1], nil, nil,
                "--weights: is 1.0,-1.0, expected numbers whose sum is positive"
            ),
            (
                "average", [1e308, 1e308], nil, nil,
                "--weights: is 1e+308,1e+308, expected numbers from -1000000"
            ),
            ("ties", [.infinity], nil, nil, "--weights: is inf, expected numbers from -1000000 to"),
            ("arithmetic", [.nan], nil, nil, "--weights: is nan, expected numbers from -1000000 to"),
            ("arithmetic", [1e40], nil, nil, "--weights: is 1e+40, expected numbers from -1000000 to"),
        ] as [(String, [Double]?, Double?, UInt64?, String)])
    func mistakes(rule: String, weights: [Double]?, density: Double?, seed: UInt64?, says: String) {
        do {
            _ = try MergeSettings(
                rule: rule, of: ["a", "b"], weights: weights, density: density, seed: seed)
            Issue.record("accepted")
        } catch let failure as Failure {
            #expect("\(failure)".hasPrefix(says), "\(failure)")
        } catch {
            Issue.record("\(error)")
        }
    }
}

import Diagnostics
import Formats
import Foundation
import Reports
import Runs
import Testing

@Suite("A comparison in JSON")
struct ComparisonReportTests {
    let runs: RunFolder

    init() throws { runs = try RunFolder() }

    @Test("JSON has every key, null for what is missing, and whole numbers without a point")
    func wholeDocument() throws {
        let operations = ParameterCounts.Operations(tokens: 30, frozen: 2000, added: 5)
        let results = try [
            ("a", 1, 0.25), ("a", 2, 0.75), ("b", 1, 0.5),
        ].map { name, seed, score in
            try runs.run(
                "\(name)/seed-\(seed)",
                runs.results(
                    [("rte", score), ("cola", name == "a" ? nil : 1)], operations: operations,
                    way: name == "a" ? .summed : nil), study: name, seed: seed)
        }
        let text = try Comparison(results).table(.json, content: ComparisonContent(baseline: "a"))
            .replacing(runs.path(""), with: "")
        #expect(
            try JSONValue(parsing: Data(text.utf8), at: "table").encoded() == """
                {"tasks":["rte","cola"],"meanOf":["rte"],"groups":[{"name":"a","method":"hadamard",\
                "seeds":[1,2],"sharedGradients":"summed","scores":{"rte":{"mean":0.5,\
                "halfWidth":3.17655125,"deviation":0.3535533905932738,"runs":[0.25,0.75]},\
                "cola":null},"mean":{"mean":0.5,"halfWidth":3.17655125,\
                "deviation":0.3535533905932738,"runs":[0.25,0.75]},"meanRank":1.5,\
                "differences":null,"metrics":{"rte":{"dev":{"accuracy":{"mean":0.5,\
                "halfWidth":3.17655125,"deviation":0.3535533905932738,"runs":[0.25,0.75]}}}},\
                "facts":{"parametersPerTask":9216,"keptPerTask":null,\
                "percentOfBackbone":0.09215999999999999,"parametersAllTasks":18432,\
                "headsAllTasks":1538,"operationsFrozen":2000,"operationsAdded":5,\
                "percentOperationsAdded":0.25,"adapterBytes":null,"meanCosine":null,\
                "meanCorrectedCosine":null,"bytesPerStep":36912,"secondsPerStep":null,\
                "gradientRatio":null,"gradientCosine":null,"updateRatio":null,"updateCosine":null,\
                "steps":40,"seconds":12.34},"runs":[{"path":"a/seed-1","seed":1,\
                "scores":{"rte":0.25,"cola":null},"mean":0.25,"facts":{"parametersPerTask":9216,\
                "keptPerTask":null,"percentOfBackbone":0.09215999999999999,\
                "parametersAllTasks":18432,"headsAllTasks":1538,"operationsFrozen":2000,\
                "operationsAdded":5,"percentOperationsAdded":0.25,"adapterBytes":null,\
                "meanCosine":null,"meanCorrectedCosine":null,"bytesPerStep":36912,\
                "secondsPerStep":null,"gradientRatio":null,"gradientCosine":null,"updateRatio":null,\
                "updateCosine":null,"steps":40,"seconds":12.34}},{"path":"a/seed-2","seed":2,\
                "scores":{"rte":0.75,"cola":null},"mean":0.75,"facts":{"parametersPerTask":9216,\
                "keptPerTask":null,"percentOfBackbone":0.09215999999999999,\
                "parametersAllTasks":18432,"headsAllTasks":1538,"operationsFrozen":2000,\
                "operationsAdded":5,"percentOperationsAdded":0.25,"adapterBytes":null,\
                "meanCosine":null,"meanCorrectedCosine":null,"bytesPerStep":36912,\
                "secondsPerStep":null,"gradientRatio":null,"gradientCosine":null,"updateRatio":null,\
                "updateCosine":null,"steps":40,"seconds":12.34}}]},{"name":"b","method":"hadamard",\
                "seeds":[1],"sharedGradients":null,"scores":{"rte":{"mean":0.5,"halfWidth":null,\
                "deviation":null,"runs":[0.5]},"cola":{"mean":1,"halfWidth":null,"deviation":null,\
                "runs":[1]}},"mean":{"mean":0.5,"halfWidth":null,"deviation":null,"runs":[0.5]},\
                "meanRank":1.5,"differences":{"baseline":"a","scores":{"rte":{"mean":0.25,\
                "low":null,"high":null,"seeds":1},"cola":null},"mean":{"mean":0.25,"low":null,\
                "high":null,"seeds":1},"relativeGain":{"mean":100,"low":null,"high":null,\
                "seeds":1}},"metrics":{"rte":{"dev":{"accuracy":{"mean":0.5,"halfWidth":null,\
                "deviation":null,"runs":[0.5]}}},"cola":{"dev":{"accuracy":{"mean":1,\
                "halfWidth":null,"deviation":null,"runs":[1]}}}},"facts":{"parametersPerTask":9216,\
                "keptPerTask":null,"percentOfBackbone":0.09215999999999999,\
                "parametersAllTasks":18432,"headsAllTasks":1538,"operationsFrozen":2000,\
                "operationsAdded":5,"percentOperationsAdded":0.25,"adapterBytes":null,\
                "meanCosine":null,"meanCorrectedCosine":null,"bytesPerStep":36912,\
                "secondsPerStep":null,"gradientRatio":null,"gradientCosine":null,"updateRatio":null,\
                "updateCosine":null,"steps":40,"seconds":12.34},"runs":[{"path":"b/seed-1","seed":1,\
                "scores":{"rte":0.5,"cola":1},"mean":0.5,"facts":{"parametersPerTask":9216,\
                "keptPerTask":null,"percentOfBackbone":0.09215999999999999,\
                "parametersAllTasks":18432,"headsAllTasks":1538,"operationsFrozen":2000,\
                "operationsAdded":5,"percentOperationsAdded":0.25,"adapterBytes":null,\
                "meanCosine":null,"meanCorrectedCosine":null,"bytesPerStep":36912,\
                "secondsPerStep":null,"gradientRatio":null,"gradientCosine":null,"updateRatio":null,\
                "updateCosine":null,"steps":40,"seconds":12.34}}]}]}
                """)
    }
}

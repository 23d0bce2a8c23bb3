import Adapters
import Coordination
import Diagnostics
import Formats
import Runs
import TestSupport
import Testing
import Training

@Suite("Sharing")
struct SharingTests {
    private func blocks(_ sharing: JSONValue) throws -> ParameterStore {
        try TinyStudy(["sharing": sharing]).context.store
    }

    private func owners(_ name: String, _ store: ParameterStore) -> [String: [Int]] {
        store.blocks.filter { $0.slice.name == name }.reduce(into: [:]) { $0[$1.owner] = $1.tasks }
    }

    @Test("By default all tasks share adapters and norms, and each has its head")
    func standard() throws {
        let store = try TinyStudy().context.store
        #expect(owners("layer.1.hadamard.weight", store) == ["all": [0, 1, 2]])
        #expect(owners("layer.2.attention.norm.bias", store) == ["all": [0, 1, 2]])
        #expect(owners("head.weight", store) == ["task:colour": [0], "task:pair": [1], "task:size": [2]])
        // 3 layers of 4 vectors of 24.
        #expect(store.adapterCount == 288 && store.count == 288 + (2 + 3 + 1) * 25)
    }

    @Test("Rules hold by kind, group and layer")
    func rules() throws {
        let store = try blocks([
            "weight": "groups", "bias": ["0,2": "all", "1": "private"], "norm": "private",
            "groups": ["texts": ["size", "colour"]],
        ])
        #expect(owners("layer.0.hadamard.weight", store) == ["group:texts": [0, 2], "task:pair": [1]])
        #expect(owners("layer.0.hadamard.bias", store) == ["all": [0, 1, 2]])
        #expect(
            owners("layer.1.hadamard.bias", store)
                == ["task:colour": [0], "task:pair": [1], "task:size": [2]])
        #expect(owners("layer.2.hadamard.bias", store) == ["all": [0, 1, 2]])
        #expect(store.adapterCount == 24 * (3 * 2 + (1 + 3 + 1) + 3 * 2 * 3))
    }

    @Test(
        "Blocks fill the vector without gaps, and a task's own vector is made of its blocks",
        arguments: ["all", "private", "groups"])
    func vectors(mode: String) throws {
        let groups: JSONValue = mode == "groups" ? ["two": ["pair", "size"]] : [:]
        let store = try blocks(["weight": .string(mode), "groups": groups])
        var end = 0
        for block in store.blocks {
            #expect(block.range == end..<end + block.slice.count)
            end += block.slice.count
        }
        #expect(end == store.count && store.initial.count == end)
        var flat = (0..<store.count).map { Float($0) }
        for task in 0..<3 {
            let values = store.values(of: task, in: flat)
            #expect(values.count == store.layouts[task].count)
            for (range, block) in zip(store.layouts[task].ranges, store.blockOfSlice[task]) {
                #expect(Array(values[range]) == Array(flat[store.blocks[block].range]))
                #expect(store.blocks[block].tasks.contains(task))
            }
            let before = flat
            store.put(values.map { $0 + 0.5 }, of: task, into: &flat) { $0.tasks == [task] }
            for block in store.blocks {
                let moved = block.tasks == [task] ? Float(0.5) : 0
                #expect(Array(flat[block.range]) == before[block.range].map { $0 + moved })
            }
        }
    }

    @Test("Heads of equal classes may be shared, and then start as one")
    func sharedHead() throws {
        let twice: JSONValue = [
            "name": "again", "train": "colour.train.tsv", "dev": "colour.dev.tsv",
            "labels": ["warm", "cold"],
        ]
        let changes: [String: JSONValue] = [
            "tasks.1": twice, "tasks.2": twice.setting(["name"], to: "third"),
        ]
        let apart = try TinyStudy(changes).context.store
        #expect(apart.values(of: 0, in: apart.initial) != apart.values(of: 1, in: apart.initial))
        var shared = changes
        shared["sharing.head"] = "all"
        let together = try TinyStudy(shared).context.store
        #expect(owners("head.weight", together) == ["all": [0, 1, 2]])
        #expect(together.values(of: 0, in: together.initial) == together.values(of: 2, in: together.initial))
    }

    @Test(
        "Impossible sharing is a failure at its key",
        arguments: [
            (
                ["head": "all"], "sharing.head",
                "colour and pair cannot share a head: their classes or ranges differ"
            ),
            (["head": ["0": "all"]], "sharing.head", "maps layers, but a head belongs to no layer"),
            (["weight": ["0-1": "all"]], "sharing.weight", "leaves out layer 2"),
            (["norm": ["0-1": "all", "1-2": "private"]], "sharing.norm", "names layer 1 2 times"),
            (
                ["bias": ["0-9": "all"]], "sharing.bias",
                "'0-9' names layer 9, but the backbone has layers 0-2"
            ),
        ] as [(JSONValue, String, String)])
    func impossible(sharing: JSONValue, place: String, what: String) throws {
        let failure = #expect(throws: Failure.self) { _ = try blocks(sharing) }
        #expect(failure?.kind == .usage && failure?.location == place && failure?.message == what)
    }

    // MARK: Training

    private func values(_ task: String, _ name: String, _ folder: TemporaryFolder) throws -> [Float] {
        try TrainedFiles.floats(name, of: task, in: folder)
    }

    @Test("After training, tasks have equal values of shared tensors and different values of private ones")
    func afterTraining() throws {
        let folder = try TemporaryFolder()
        _ = try TinyStudy([
            "sharing": [
                "weight": "groups", "bias": "private", "groups": ["texts": ["size", "colour"]],
            ], "evaluation.keep": "last",
        ]).train(ranks: 2, into: folder)
        let name = "layer.1.hadamard"
        #expect(
            try values("colour", "\(name).weight", folder) == values("size", "\(name).weight", folder))
        #expect(
            try values("colour", "\(name).weight", folder) != values("pair", "\(name).weight", folder))
        #expect(try values("colour", "\(name).bias", folder) != values("size", "\(name).bias", folder))
        let norm = "layer.0.attention.norm.weight"
        #expect(try values("colour", norm, folder) == values("pair", norm, folder))
    }

    @Test("A task that is in no step keeps its private parameters, and has the trained shared ones")
    func untouched() throws {
        let folder = try TemporaryFolder()
        // With so few steps, round robin draws only the first two tasks.
        let study = try TinyStudy([
            "sharing": ["weight": "private", "bias": "all"], "sampler": ["name": "roundrobin"],
            "batch": ["examples": 2, "microBatch": 1], "stages.head.steps": 0, "stages.adapter.steps": 1,
            "stages.adapter.warmup": 0, "evaluation.keep": "last",
        ])
        let run = try study.train(into: folder)
        #expect(run.steps.flatMap(\.microBatches).map(\.task) == ["colour", "pair"])
        let layout = study.context.store.layouts[2]
        for (slice, range) in zip(layout.slices, layout.ranges) {
            let found = try values("size", slice.name, folder)
            let start = Array(layout.initial[range])
            if slice.kind == .weight || slice.kind == .head {
                #expect(differingBits(found, start, slice.name) == nil)
            } else {
                #expect(found != start, "\(slice.name)")
            }
        }
        #expect(try values("pair", "layer.0.hadamard.weight", folder).contains { $0 != 1 })
    }
}

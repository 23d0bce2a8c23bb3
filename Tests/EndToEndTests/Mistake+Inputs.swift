import Foundation

extension Mistake {
    /// Mistakes in the study file and in `--set`.
    static let inStudies: [Mistake] = [
        .training(
            "unknown key", code: 2, says: ["study.yaml:19: ", "unknown key 'bacth'", "did you mean 'batch'?"]
        ) { try $0.replace("batch:", by: "bacth:", in: "study.yaml") },
        .training(
            "unknown key in a section", code: 2,
            says: ["study.yaml:19: ", "batch.microBatches", "did you mean 'microBatch'?"]
        ) { try $0.replace("microBatch: 4", by: "microBatches: 4", in: "study.yaml") },
        .training(
            "key under its former name", code: 2,
            says: ["study.yaml:19: ", "batch.unit", "it is now called 'microBatch'"]
        ) { try $0.replace("microBatch: 4", by: "unit: 4", in: "study.yaml") },
        .training(
            "misspelt task", code: 2,
            says: ["study.yaml:4: tasks[0]: unknown task 'mprc'", "did you mean 'mrpc'?"]
        ) { scene in
            let text = String(decoding: try scene.read("study.yaml"), as: UTF8.self)
            let rest = text[(text.firstRange(of: "sharing:")?.lowerBound ?? text.endIndex)...]
            try scene.write(
                "study.yaml", "backbone: \(Scene.encoder.path)\ndata: .\ntasks:\n  - mprc\n\(rest)")
        },
        .training(
            "an unknown arithmetic", code: 2,
            says: ["--set arithmetic: unknown value 'bfloat'", "did you mean 'bfloat16'?"],
            with: ["--set", "arithmetic=bfloat"]),
        .training(
            "a number without end", code: 2, says: ["optimizer.clip: is inf, expected a finite number"],
            with: ["--set", "optimizer.clip=.inf"]),
        .training(
            "steps without end", code: 2,
            says: ["stages.adapter.steps: is 9000000000000000000, expected 0 (skip the stage) to 1000000000"],
            with: ["--set", "stages.adapter.steps=9000000000000000000"]),
        Mistake("no study file", code: 2, says: ["nothere.yaml: no such file"]) {
            ["train", $0.path("nothere.yaml"), "--output", $0.path("run")]
        },
        Mistake(
            "a misspelt study file", code: 2, says: ["stduy.yaml: no such file", "did you mean study.yaml?"],
            ranks: [nil]
        ) { ["train", $0.path("stduy.yaml"), "--output", $0.path("run")] },
        Mistake("a folder as study", code: 2, says: [": is a folder, expected a study file"], ranks: [nil]) {
            ["train", $0.folder.path, "--output", $0.path("run")]
        },
        .training(
            "a tab", code: 2, says: ["study.yaml:2: a tab; indent with spaces"], ranks: [nil]
        ) { try $0.write("study.yaml", "batch:\n\texamples: 8\n") },
        .training(
            "keys of a section at two depths", code: 2,
            says: ["study.yaml:3: is not YAML: column 3: this line is not a key of the section", "alike"],
            ranks: [nil]
        ) { try $0.write("study.yaml", "batch:\n   examples: 8\n  microBatch: 4\n") },
        .training(
            "a study without a backbone", code: 2,
            says: ["study.yaml: missing key 'backbone'", "add --set backbone=DIR (launch/fetch encoder"],
            ranks: [nil]
        ) { try $0.write("study.yaml", "tasks: [mrpc]\n") },
        .training(
            "a study without data", code: 2, says: ["study.yaml: missing key 'data'", "add --set data=DIR"],
            ranks: [nil]
        ) { try $0.write("study.yaml", "tasks: [mrpc]\nbackbone: x\n") },
        .training("not YAML", code: 2, says: ["study.yaml:2: is not YAML", "column"]) {
            try $0.write("study.yaml", "tasks: [1\nbatch: }\n")
        },
        .training("not UTF-8", code: 2, says: ["study.yaml: is not UTF-8"]) {
            try $0.write("study.yaml", Data([0x74, 0xff, 0xfe]))
        },
        .training("empty", code: 2, says: ["study.yaml: ", "missing key"]) { try $0.write("study.yaml", "") },
        .training("a list", code: 2, says: ["study.yaml: expected a mapping"], ranks: [nil]) {
            try $0.write("study.yaml", "- tasks\n")
        },
        .training("a key twice", code: 2, says: ["study.yaml:", "duplicate key 'data'"]) {
            try $0.replace("tasks:\n", by: "data: elsewhere\ntasks:\n", in: "study.yaml")
        },
        .training(
            "--set without a value", code: 2, says: ["--set: expected key=value, found 'batch'"],
            with: ["--set", "batch"]),
        .training(
            "--set of an unknown key", code: 2,
            says: ["--set batch.microBatches: ", "did you mean 'microBatch'?"],
            with: ["--set", "batch.microBatches=4"]),
        .training(
            "--set of a text for a number", code: 2,
            says: ["--set batch.microBatch: expected a whole number, found 'many'"],
            with: ["--set", "batch.microBatch=many"]),
        .training(
            "--set below a number", code: 2,
            says: ["--set seed.x: seed: expected a whole number from 0 below 2^64, found a mapping"],
            with: ["--set", "seed.x=4"]),
        .training(
            "--set of a list without brackets", code: 2,
            says: ["--set tasks: expected a list, found 'mrpc,rte'; --set 'tasks=[mrpc, rte]'"],
            ranks: [nil], with: ["--set", "tasks=mrpc,rte"]),
        .training(
            "--set of a key whose section a later one replaces", code: 2,
            says: [
                "--set adapter.rank: its value is lost: --set adapter=lora replaces the whole section",
                "put it after --set adapter=lora",
            ], with: ["--set", "adapter.rank=4", "--set", "adapter=lora"]),
        .training(
            "a stage with steps and epochs", code: 2,
            says: [
                "study.yaml:17: stages.adapter: has both steps and epochs, expected one of them",
                "remove one",
            ]
        ) { try $0.replace("steps: 40", by: "steps: 40, epochs: 2", in: "study.yaml") },
        .training(
            "--set of a stage with steps and epochs", code: 2,
            says: ["--set stages.adapter: has both steps and epochs, expected one of them"], ranks: [nil],
            with: ["--set", "stages.adapter={steps: 4, epochs: 2}"]),
        .training(
            "a number of labels", code: 2,
            says: ["--set tasks.0.labels: expected a list", "; list all labels by name, two or more"],
            ranks: [nil], with: ["--set", "tasks.0.labels=2"]),
        .training(
            "--set split by the shell", code: 2,
            says: ["hadamesh: --set: quote a value with spaces: --set 'tasks=[mrpc, rte]'"],
            ranks: [nil], with: ["--set", "tasks=[mrpc,", "rte]"]),
        .training(
            "--set beyond the end of a list", code: 2,
            says: ["--set tasks.2.name: 'tasks' is a list; it has no key '2'; its elements are 0 to 1"],
            ranks: [nil], with: ["--set", "tasks.2.name=x"]),
        .training(
            "--set in a list", code: 2, says: ["--set tasks.0.name: 'mrpc' is the name of a GLUE task"],
            ranks: [nil], with: ["--set", "tasks.0.name=mrpc"]),
        .training(
            "--set of an unclosed mapping", code: 2,
            says: ["--set adapter: is not YAML: column 1: a '[' or '{' that is not closed"],
            ranks: [nil], with: ["--set", "adapter={"]),
        .training(
            "--set of a misspelt section", code: 2,
            says: ["hadamesh: --set adaptor.method: unknown key 'adaptor'; did you mean 'adapter'?"],
            ranks: [nil], with: ["--set", "adaptor.method=lora"]),
        .training(
            "a key of PEFT", code: 2, says: ["--set adapter.r: unknown key 'r'; the key is rank"],
            ranks: [nil], with: ["--set", "adapter={method: lora, r: 4}"]),
        .training(
            "a key of the Hugging Face Trainer", code: 2,
            says: ["--set learning_rate: unknown key", "the key is stages.adapter.learningRate"],
            ranks: [nil], with: ["--set", "learning_rate=1e-3"]),
        .training(
            "a linear map of another model", code: 2,
            says: ["--set adapter.targets.0: unknown value 'q_proj'; here it is query"],
            ranks: [nil], with: ["--set", "adapter={method: lora, targets: [q_proj]}"]),
        .training(
            "layers beyond the backbone", code: 2,
            says: ["adapter.layers", "'0-11' names layer 11, but the backbone has layers 0-2"],
            with: ["--set", "adapter={method: hadamard, layers: 0-11}"]),
        .training(
            "a setting that the method doesn't have", code: 2,
            says: [
                "--set adapter.rank: 'rank' is a key of hut and lora, not of hadamard",
                "allowed: layers, method, norm, site",
            ],
            with: ["--set", "adapter={method: hadamard, rank: 4}"]),
        .training(
            "a method that there isn't", code: 2,
            says: ["adapter.method: unknown method 'hadamart'", "did you mean 'hadamard'?"],
            with: ["--set", "adapter={method: hadamart}"]),
        .training(
            "rank 0", code: 2, says: ["adapter.rank: is 0, expected 1 or more"],
            with: ["--set", "adapter={method: lora, rank: 0}"]),
        .training(
            "a target that there isn't", code: 2,
            says: ["adapter.targets.0: unknown value 'querry'", "did you mean 'query'?"],
            with: ["--set", "adapter={method: hut, targets: [querry]}"]),
        .training(
            "all of it removed", code: 2,
            says: ["adapter.sparsity: is 1.0, expected the share that is removed, 0 or more and below 1"],
            with: ["--set", "adapter={method: sparse, sparsity: 1}"]),
        .training(
            "nothing to prune", code: 2, says: ["adapter.base", "hadamard"],
            with: ["--set", "adapter={method: sparse, base: {method: hadamard}}"]),
        .training(
            "the same tensor twice in a list", code: 2,
            says: ["adapter: hadamard and layernorm both train 'layer.0.attention.norm.weight'"],
            with: ["--set", "adapter=[{method: hadamard}, {method: layernorm}]"]),
        .training(
            "a layer's sharing for what has no layer", code: 2,
            says: ["sharing.weight: maps layers", "an embedding or the pooler belongs to no layer"],
            with: [
                "--set", "adapter={method: full}", "--set", "head.pooling=cls", "--set",
                "sharing.weight={0-1: all, 2: private}",
            ]),
        .training(
            "sharing beyond the backbone", code: 2,
            says: ["sharing.weight", "'2-9' names layer 9, but the backbone has layers 0-2"],
            with: ["--set", "sharing.weight={0-1: all, 2-9: private}"]),
        .training(
            "misspelt sampler", code: 2,
            says: ["--set sampler.name: unknown sampler 'gpa'", "did you mean 'gap'?"],
            ranks: [nil], with: ["--set", "sampler.name=gpa"]),
        .training(
            "a key of another sampler", code: 2,
            says: [
                "--set sampler.cap: 'cap' is a key of temperature, not of bandit; allowed: draw, name, scale"
            ],
            with: ["--set", "sampler={name: bandit, cap: 9}"]),
        .training(
            "a sampler that reads scores, without any", code: 2,
            says: ["--set evaluation.every: is 0, so tasks are scored at the end of a stage alone, but the"],
            ranks: [nil], with: ["--set", "sampler=stop-and-go", "--set", "evaluation.every=0"]),
        .training(
            "a sampler without its reference", code: 2,
            says: ["--set sampler.reference: gap has no reference", "directory of a run that has all tasks"],
            ranks: [nil], with: ["--set", "sampler=gap"]),
        .training(
            "a reference run that is not there", code: 2,
            says: ["--set sampler.reference: nothere: no such run directory"],
            with: ["--set", "sampler={name: reference-loss, reference: nothere}"]),
        .training(
            "a batch without room for every task", code: 2,
            says: [
                "batch.examples: is 4, a single micro-batch, but upgrad needs each of the 2 tasks",
                "set it to 5 or more",
            ], ranks: [nil], with: ["--set", "combination.rule=upgrad", "--set", "batch.examples=4"]),
        .training(
            "misspelt combination rule", code: 2,
            says: ["--set combination.rule: unknown rule 'pcgard'", "did you mean 'pcgrad'?"],
            with: ["--set", "combination.rule=pcgard"]),
        .training(
            "parts that gradients are not compared over", code: 2,
            says: ["--set combination.over: unknown value 'layers'", "did you mean 'layer'?"],
            with: ["--set", "combination.over=layers"]),
        .training(
            "agreement that is neither on nor off", code: 2,
            says: ["--set combination.agreement: unknown value 'yes'", "allowed: off, on"],
            with: ["--set", "combination.agreement=yes"]),
        .training(
            "parts that split nothing", code: 2,
            says: ["combination.over: layer splits nothing", "are of one layer", "leave it out"],
            with: [
                "--set", "combination={rule: upgrad, over: layer}", "--set",
                "adapter={method: hadamard, layers: '1'}",
            ]),
        .training(
            "parts for a rule that compares nothing", code: 2,
            says: ["combination.over: is layer, but sum does not compare gradients"],
            with: ["--set", "combination.over=layer"]),
        .training(
            "misspelt weighting", code: 2,
            says: ["--set combination.weights: unknown weighting 'famous'", "did you mean 'famo'?"],
            with: ["--set", "combination.weights=famous"]),
        .training(
            "weights for a task that there isn't", code: 2,
            says: ["combination.weights: has 'cloa', which is not a task of the study"],
            with: ["--set", "combination.weights={cloa: 2}"]),
        .training(
            "another weighting's setting", code: 2, says: ["'decay' is a key of famo, not of rate"],
            with: ["--set", "combination.weights={name: rate, decay: 0.1}"]),
        .training(
            "smoothing of weights that never change", code: 2,
            says: ["combination.smoothing: is 0.9, but the weights of sum do not change"],
            with: ["--set", "combination.smoothing=0.9"]),
        .training(
            "weights for tasks that share nothing", code: 2,
            says: ["combination.weights: famo has nothing to weigh", "sharing.weight: all"],
            with: [
                "--set", "combination.weights=famo", "--set",
                "sharing={weight: private, bias: private, norm: private}",
            ]),
        .training(
            "moments of tasks that share nothing", code: 2,
            says: ["optimizer.moments: perTask has nothing to act on", "sharing.weight: all"],
            with: [
                "--set", "optimizer.moments=perTask", "--set",
                "sharing={weight: private, bias: private, norm: private}",
            ]),
        .training(
            "another rule's setting", code: 2, says: ["'alpha' is a key of fairgrad, not of cagrad"],
            with: ["--set", "combination={rule: cagrad, alpha: 1}"]),
        .training(
            "a rule for tasks that share nothing", code: 2,
            says: ["combination.rule: pcgrad has nothing to combine", "sharing.weight: all"],
            with: [
                "--set", "combination.rule=pcgrad", "--set",
                "sharing={weight: private, bias: private, norm: private}",
            ]),
        .training(
            "longer texts than the backbone has positions", code: 2,
            says: ["maximumTokens", "is 33", "32 positions"], with: ["--set", "maximumTokens=33"]),
        .training(
            "no steps", code: 2, says: ["stages: neither stage has steps"],
            with: ["--set", "stages.head.steps=0", "--set", "stages.adapter.steps=0"]),
        .training(
            "more ranks than micro-batches", code: 2,
            says: ["batch: 3 ranks would compute, but a step has only 2 micro-batches", "start fewer ranks"],
            ranks: [3],
            with: ["--set", "batch.examples=8"]),
        .training(
            "a dedicated coordinator alone", code: 2,
            says: ["coordinator: a dedicated coordinator needs a second rank", "start 2 ranks"],
            ranks: [nil, 1], with: ["--set", "coordinator=dedicated"]),
        .training(
            "a learning rate that diverges", code: 3,
            says: ["step 11: the gradient of ", "is not finite", "a lower learning rate"],
            mayAlsoSay: [
                "run: ", "hadamard: ", "largest micro-batch", "caching", "head", "step ", "adapter",
            ],
            with: ["--set", "stages.adapter.learningRate=1e30", "--set", "optimizer.clip=0"]),
    ]

    /// Mistakes in the backbone's folder.
    static let inBackbones: [Mistake] = [
        .training(
            "no folder", code: 3,
            says: [
                "nothere: no such folder, and no such model in the Hugging Face cache /", "/hub;",
                "launch/fetch encoder hub nothere gets it",
            ],
            with: ["--set", "backbone=nothere"]),
        .training(
            "no folder at a path", code: 3, says: ["./nothere: no such folder; ", "hf:ORG/NAME"],
            ranks: [nil],
            with: ["--set", "backbone=./nothere"]),
        .training(
            "a model that is not in the cache", code: 3,
            says: [
                "--set backbone: hf:org/tiny is not in the Hugging Face cache /",
                "launch/fetch encoder hub org/tiny gets it",
            ],
            with: ["--set", "backbone=hf:org/tiny"]),
        .training(
            "a path after hf:", code: 2,
            says: ["--set backbone: hf:./x is not a model's name, expected hf:ORG/NAME"], ranks: [nil],
            with: ["--set", "backbone=hf:./x"]),
        .training(
            "a revision that is not in the cache", code: 3,
            says: [
                "has no revision 'v1' of org/tiny", "it has main", "launch/fetch encoder hub org/tiny@v1",
            ],
            with: ["--set", "backbone=org/tiny@v1"]
        ) {
            try $0.copyEncoder()
            try $0.cacheEncoder(as: "org/tiny", commit: "a1")
        },
        .training(
            "a cached model whose files are gone", code: 3,
            says: [
                "no files of org/tiny: there is no snapshots/a1, the commit in refs/main", "launch/fetch",
            ],
            with: ["--set", "backbone=hf:org/tiny"]
        ) { try $0.write("hub/models--org--tiny/refs/main", "a1") },
        .training(
            "a cached model with pickles only", code: 3,
            says: [
                "snapshots/a1: found only pickled weights (pytorch_model.bin)", "python3 -c",
                "save_pretrained('models/x')",
            ],
            with: ["--set", "backbone=hf:org/tiny"]
        ) {
            try $0.copyEncoder()
            try FileManager.default.removeItem(atPath: $0.path("backbone/model.safetensors"))
            try $0.write("backbone/pytorch_model.bin", "pickle")
            try $0.cacheEncoder(as: "org/tiny", commit: "a1")
        },
        .training("no config.json", code: 3, says: ["backbone/config.json: no readable config.json"]) {
            try $0.copyEncoder()
            try FileManager.default.removeItem(atPath: $0.path("backbone/config.json"))
        },
        .training("no weights", code: 3, says: ["backbone: found no weights", "model.safetensors"]) {
            try $0.copyEncoder()
            try FileManager.default.removeItem(atPath: $0.path("backbone/model.safetensors"))
        },
        .training("no tokenizer", code: 3, says: ["backbone: found neither tokenizer.json nor vocab.txt"]) {
            try $0.copyEncoder()
            try FileManager.default.removeItem(atPath: $0.path("backbone/vocab.txt"))
        },
        .training(
            "truncated weights", code: 3,
            says: [
                "backbone/model.safetensors: tensor '", "but the file has", "cut short", "download it again",
            ]
        ) {
            try $0.copyEncoder()
            try $0.write(
                "backbone/model.safetensors", try $0.read("backbone/model.safetensors").prefix(30_000))
        },
        .training(
            "truncated F16 weights", code: 3,
            says: ["backbone/model.safetensors: tensor '", "but the file has", "download it again"]
        ) {
            try $0.copyEncoder(weights: "f16")
            try $0.write(
                "backbone/model.safetensors", try $0.read("backbone/model.safetensors").prefix(20_000))
        },
        .training(
            "pairs on one segment", code: 2,
            says: [
                "tasks: 'alike' is a task of pairs, and the backbone has one segment", "type_vocab_size",
            ]
        ) {
            try $0.copyEncoder()
            try $0.replace("\"type_vocab_size\": 2", by: "\"type_vocab_size\": 1", in: "backbone/config.json")
            try $0.changeTensors {
                $0 == "embeddings.token_type_embeddings.weight" ? ([1, 24], Array($1.prefix(24))) : nil
            }
        },
        .training(
            "a number that is none", code: 3,
            says: [
                "backbone/model.safetensors: tensor 'pooler.dense.weight': element 575 is nan",
                "expected a finite number",
            ]
        ) {
            try $0.copyEncoder()
            let bytes = try $0.read("backbone/model.safetensors")
            try $0.write("backbone/model.safetensors", bytes.dropLast(4) + Data([0, 0, 0xc0, 0x7f]))
        },
        .training(
            "fewer layers than the weights have", code: 3,
            says: ["backbone: has tensors of layer 2, config.json asks for 2 layers, 0-1"]
        ) {
            try $0.copyEncoder()
            try $0.replace(
                "\"num_hidden_layers\": 3", by: "\"num_hidden_layers\": 2", in: "backbone/config.json")
        },
        .training("a decoder", code: 3, says: ["backbone/config.json: 'is_decoder' is true, expected false"])
        {
            try $0.copyEncoder()
            try $0.replace("\"is_decoder\": false", by: "\"is_decoder\": true", in: "backbone/config.json")
        },
        // Only the converting rank finds it.
        .training(
            "an F16 number that is infinite", code: 3,
            says: [
                "backbone/model.safetensors: tensor 'pooler.dense.weight': element 575 is inf",
                "expected a finite number", "download it again",
            ]
        ) {
            try $0.copyEncoder(weights: "f16")
            let bytes = try $0.read("backbone/model.safetensors")
            try $0.write("backbone/model.safetensors", bytes.dropLast(2) + Data([0x00, 0x7c]))
        },
        .training("a header that is no JSON", code: 3, says: ["backbone/model.safetensors (header):1: "]) {
            try $0.copyEncoder()
            var bytes = try $0.read("backbone/model.safetensors")
            bytes[8] = UInt8(ascii: "[")
            try $0.write("backbone/model.safetensors", bytes)
        },
        .training(
            "a header longer than the file", code: 3, says: ["backbone/model.safetensors: ", "header"]
        ) {
            try $0.copyEncoder()
            var bytes = try $0.read("backbone/model.safetensors")
            bytes[4] = 1
            try $0.write("backbone/model.safetensors", bytes)
        },
        .training(
            "a tensor of another shape", code: 3,
            says: ["tensor 'embeddings.word_embeddings.weight' has shape [60, 24]", "asks for [61, 24]"]
        ) {
            try $0.copyEncoder()
            try $0.replace("\"vocab_size\": 60", by: "\"vocab_size\": 61", in: "backbone/config.json")
        },
        .training("a layer too few", code: 3, says: ["backbone", "encoder.layer.3."]) {
            try $0.copyEncoder()
            try $0.replace(
                "\"num_hidden_layers\": 3", by: "\"num_hidden_layers\": 4", in: "backbone/config.json")
        },
        .training("another family", code: 3, says: ["backbone/config.json", "gpt2"]) {
            try $0.copyEncoder()
            try $0.replace(
                "\"model_type\": \"bert\"", by: "\"model_type\": \"gpt2\"", in: "backbone/config.json")
        },
    ]
}

// swift-tools-version: 6.2
import PackageDescription

// The architecture, lowest part first. An arrow only ever points down: a target may depend on
// targets above it in this file, never on one below, and Tests/ArchitectureTests holds the sources to it.
let package = Package(
    name: "hadamesh",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "hadamesh", targets: ["hadamesh"])
    ],
    dependencies: [
        // The command line: subcommands, help, validation before MPI starts.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Study files. Only the executable reads YAML.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        // Tests start mpirun and the built program.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // C libraries, found through pkg-config.
        .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        // MPI in a form Swift can import; the only target that sees <mpi.h>.
        .target(name: "CMPI", dependencies: ["COpenMPI"]),

        // Error messages with location and remedy, strict reading of settings, clock, hash.
        .target(name: "Diagnostics"),
        // Rules that combine the gradients of tasks: functions from inner products to weights.
        .target(name: "Combination", dependencies: ["Diagnostics"]),
        // The tasks' shares in a step: functions from sizes, scores and losses to probabilities.
        .target(name: "Sampling", dependencies: ["Diagnostics"]),
        // File formats: safetensors, mapped and atomic files, checksums, TSV, JSON lines, event files.
        .target(name: "Formats", dependencies: ["Diagnostics"]),
        // The inner loops of Kernels, compiled for each instruction set and chosen at run time.
        .target(name: "CKernels"),
        // Arithmetic on float buffers, forward and backward; the only importer of OpenBLAS, whose rate it is compared with.
        .target(name: "Kernels", dependencies: ["COpenBLAS", "CKernels", "Diagnostics"]),
        // Text to token ids, exactly as the backbone's own tokenizer: normaliser, pre-tokeniser, model, template.
        .target(name: "Tokenizers", dependencies: ["Diagnostics", "Formats"]),
        // The frozen backbone: its files, its forward and backward, and the sites where an adapter may act.
        .target(name: "Encoders", dependencies: ["Diagnostics", "Formats", "Kernels"]),
        // Adapter methods: what is trained at which site. Knows methods, not tasks.
        .target(name: "Adapters", dependencies: ["Diagnostics", "Formats", "Kernels", "Encoders"]),
        // Tasks: data files, labels, metrics. Independent of models.
        .target(name: "Tasks", dependencies: ["Diagnostics", "Formats"]),
        // One unit of work as a pure function, optimizers, evaluation, checkpoints. Knows no ranks.
        .target(
            name: "Training",
            dependencies: [
                "Diagnostics", "Formats", "Kernels", "Tokenizers", "Encoders", "Adapters", "Tasks",
            ]),
        // Other software's folders: merged Hugging Face models, PEFT and AdapterHub adapters.
        .target(
            name: "Exchange",
            dependencies: ["Diagnostics", "Formats", "Kernels", "Encoders", "Adapters", "Tasks", "Training"],
            resources: [.embedInCode("SeparateHead/head.py")]),
        // Rules that merge adapters that were trained apart: functions from offsets to one offset.
        .target(name: "Merging", dependencies: ["Diagnostics", "Kernels"]),
        // Ranks: communicators over MPI and over threads, and the exact sum. The only importer of CMPI.
        .target(name: "Collectives", dependencies: ["Diagnostics", "CMPI"]),
        // A run's directory, events, reports and results. Training never waits for a reader.
        .target(name: "Runs", dependencies: ["Diagnostics", "Formats"]),
        // What a user asks for: a study and all its settings. Knows no ranks.
        .target(
            name: "Studies",
            dependencies: [
                "Diagnostics", "Combination", "Sampling", "Kernels", "Encoders", "Adapters", "Tasks",
                "Training",
            ]),
        // Who does what next, on how many ranks: plan, sharing, coordinator, worker, resume.
        .target(
            name: "Coordination",
            dependencies: [
                "Diagnostics", "Combination", "Sampling", "Formats", "Kernels", "Tokenizers", "Encoders",
                "Adapters", "Tasks", "Training", "Merging", "Collectives", "Runs", "Studies",
            ]),
        // Reading finished runs: comparison tables.
        .target(
            name: "Reports", dependencies: ["Diagnostics", "Formats", "Runs"],
            resources: [.embedInCode("Citations/methods.bib")]),
        // How fast this machine trains a study, and where the time goes.
        .target(
            name: "Measurement",
            dependencies: [
                "Diagnostics", "Formats", "Kernels", "Adapters", "Training", "Collectives", "Runs", "Studies",
                "Coordination",
            ]),
        // The command line and the study-file reader.
        .executableTarget(
            name: "hadamesh",
            dependencies: [
                "Diagnostics", "Combination", "Sampling", "Formats", "Kernels", "Tokenizers", "Encoders",
                "Adapters", "Tasks", "Training", "Exchange", "Merging", "Collectives", "Runs", "Studies",
                "Coordination", "Reports", "Measurement",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // What the tests share: tiny models, goldens, tolerances, launching programs on several ranks.
        .target(
            name: "TestSupport",
            dependencies: [
                "Diagnostics", "Formats", "Kernels", "Encoders", "Adapters",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/TestSupport"),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),
        .testTarget(
            name: "CombinationTests", dependencies: ["Combination", "Diagnostics", "Formats", "TestSupport"]),
        .testTarget(name: "SamplingTests", dependencies: ["Sampling", "Diagnostics", "TestSupport"]),
        .testTarget(
            name: "MergingTests", dependencies: ["Merging", "Kernels", "Diagnostics", "TestSupport"]),
        .testTarget(name: "FormatsTests", dependencies: ["Formats", "Diagnostics", "TestSupport"]),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "CKernels", "TestSupport"]),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Tokenizers", "Formats", "Diagnostics", "TestSupport"]),
        .testTarget(
            name: "EncodersTests",
            dependencies: ["Encoders", "Kernels", "Formats", "Diagnostics", "TestSupport"]),
        .testTarget(
            name: "AdaptersTests",
            dependencies: ["Adapters", "Encoders", "Kernels", "Formats", "Diagnostics", "TestSupport"]),
        .testTarget(name: "TasksTests", dependencies: ["Tasks", "Formats", "Diagnostics", "TestSupport"]),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Adapters", "Encoders", "Tasks", "Tokenizers", "Kernels", "Formats",
                "Diagnostics",
                "TestSupport",
            ]),
        .testTarget(
            name: "ExchangeTests",
            dependencies: [
                "Exchange", "Training", "Adapters", "Encoders", "Tasks", "Kernels", "Formats", "Diagnostics",
                "TestSupport",
            ]),
        .testTarget(
            name: "MutationTests",
            dependencies: [
                "Exchange", "Training", "Adapters", "Encoders", "Tasks", "Tokenizers", "Formats",
                "Diagnostics", "TestSupport",
            ]),
        .testTarget(name: "CollectivesTests", dependencies: ["Collectives", "Diagnostics", "TestSupport"]),
        .testTarget(name: "RunsTests", dependencies: ["Runs", "Formats", "Diagnostics", "TestSupport"]),
        .testTarget(
            name: "CoordinationTests",
            dependencies: [
                "Coordination", "Combination", "Sampling", "Training", "Adapters", "Encoders", "Tasks",
                "Collectives", "Runs", "Studies", "Formats", "Kernels", "Tokenizers", "Diagnostics",
                "TestSupport",
            ]),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Reports", "Runs", "Formats", "Diagnostics", "TestSupport"]),
        .testTarget(
            name: "MeasurementTests",
            dependencies: [
                "Measurement", "Coordination", "Runs", "Studies", "Collectives", "Kernels", "Formats",
                "Diagnostics",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "hadamesh", "Diagnostics", "Formats", "Encoders", "Kernels", "Adapters", "Training",
                "Studies", "Reports", "TestSupport",
            ]),
        .testTarget(name: "ArchitectureTests"),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .treatAllWarnings(as: .error),
        ]
}

// `launch/test --quick` builds the test targets that it runs, and no others.
if let chosen = Context.environment["HADAMESH_TEST_TARGETS"] {
    let names = Set(chosen.split(separator: " ").map(String.init))
    package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}

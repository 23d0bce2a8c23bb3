import Foundation
import Testing

/// The package's sources keep the architecture that `Package.swift` lays down.
@Suite struct ArchitectureTests {
    let tree: SourceTree

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        tree = try SourceTree(root: root)
    }

    @Test func theSourcesAreSeen() {
        #expect(tree.package.targets.map(\.name).contains("hadamesh"))
        #expect(tree.files.count > tree.package.targets.count / 2)
    }

    @Test func everyImportPointsUpTheListOfTargets() { #expect(tree.wrongArrows == []) }

    @Test func onlyCollectivesSeesMPI() {
        #expect(tree.importers(of: ["CMPI", "COpenMPI"], exceptIn: "Collectives") == [])
        #expect(tree.includers(of: "mpi.h", exceptIn: "CMPI") == ["Sources/COpenMPI/shim.h"])
    }

    @Test func onlyKernelsSeesOpenBLAS() {
        #expect(tree.importers(of: ["COpenBLAS"], exceptIn: "Kernels") == [])
        #expect(tree.includers(of: "cblas.h", exceptIn: "Kernels") == ["Sources/COpenBLAS/shim.h"])
    }

    @Test func onlyTheExecutableReadsArgumentsAndYAML() {
        #expect(tree.importers(of: ["ArgumentParser", "Yams"], exceptIn: "hadamesh") == [])
    }

    @Test func nothingUpToTrainingKnowsRanks() {
        #expect(tree.importers(of: "Collectives", upTo: "Training") == [])
    }

    @Test func theEncoderKnowsNoAdapterMethod() {
        #expect(tree.mentionsOfAdapterMethods(in: "Encoders") == [])
    }

    @Test(
        arguments: [
            (
                "Coordination",
                ["Data", "Plan", "Parameters", "State", "ActivationCache", "Identity", "Loop", "Jobs"]
            ),
            ("Runs", ["Directory", "Results", "Events", "Journal"]),
            ("Tokenizers", ["Pipeline", "WordPiece", "ByteLevel", "Files"]),
            ("Formats", ["Files", "JSON", "Safetensors", "Tables"]),
            ("hadamesh", ["Support", "Sweep", "Commands"]),
            ("Combination", ["Solvers", "Weightings", "Rules"]),
            ("Exchange", ["Foreign", "SeparateHead", "AdapterHub", "PEFT"]),
            ("Encoders", ["Input", "Hooks", "Family", "Hub", "Weights", "Forward"]),
            (
                "Adapters",
                [
                    "Settings", "Parameters", "Bound", "BackboneTensors", "Pruning", "Refinements",
                    "Bottlenecks", "Trained", "Methods",
                ]
            ),
            ("Collectives", ["Stalls", "Communicators", "Node", "Sums", "Job"]),
            ("Measurement", ["Phases", "Scaling"]),
        ] as [(String, [String])])
    func foldersNameTypesOfEarlierFoldersAlone(target: String, folders: [String]) {
        #expect(tree.wrongArrows(in: target, folders: folders) == [])
    }

    @Test func everyCHeaderSaysWhyItExists() { #expect(tree.headersWithoutReason == []) }

    @Test func noLineIsTooWide() { #expect(tree.linesWiderThan(110) == []) }

    @Test func aTypeHasItsOwnFile() { #expect(tree.filesOfSeveralTypes == []) }

    @Test func noFileIsTooLongToReadAtOnce() { #expect(tree.filesLongerThan(500) == []) }

    @Test func aTypeOfMoreThanTwoFieldsHasAName() { #expect(tree.tuples(ofMoreThan: 2) == []) }

    @Test func everyLibraryTargetHasItsPage() { #expect(tree.undocumentedTargets == []) }
}

/// Each rule finds its violations.
@Suite struct ArchitectureRuleTests {
    static let manifest = """
        targets: [
            .systemLibrary(name: "CBlas", pkgConfig: "blas", providers: [.apt(["blas"])]),
            // .target(name: "Gone"),
            .target(name: "Low"),
            .target(name: "Middle", dependencies: ["CBlas", "Low"]),
            .target(name: "Side", dependencies: ["Low", .product(name: "Yams", package: "yams-x")], path: "Tests/Side"),
            .executableTarget(
                name: "High",
                dependencies: [
                    "Low",
                ]),
        ]
        """

    private func tree(_ files: [String: String], manifest: String = manifest) -> SourceTree {
        SourceTree(manifest: manifest, files: files)
    }

    @Test func targetsAreReadFromTheManifest() {
        let targets = PackageTargets(manifest: Self.manifest).targets
        #expect(targets.map(\.name) == ["CBlas", "Low", "Middle", "Side", "High"])
        #expect(targets.map(\.kind) == ["systemLibrary", "target", "target", "target", "executableTarget"])
        #expect(
            targets.map(\.dependencies) == [[], [], ["CBlas", "Low"], ["Low", "Yams", "yams-x"], ["Low"]])
        #expect(targets.map(\.path) == [nil, nil, nil, "Tests/Side", nil])
    }

    @Test(
        arguments: [
            ("import Low", ["Low"]),
            ("package import Low\nimport struct Foundation.URL", ["Low", "Foundation"]),
            ("@testable import Low\n@_spi(X) package import High", ["Low", "High"]), ("// import Low", []),
            ("let text = \"import Low\"", []), ("  import Low", ["Low"]),
        ] as [(String, [String])])
    func importsAreFound(text: String, modules: [String]) {
        #expect(SourceTree.imports(of: text) == modules)
    }

    @Test(
        arguments: [
            ("Sources/Middle/A.swift", "import Low\nimport CBlas\nimport Foundation", nil),
            ("Sources/Low/A.swift", "import Middle", "imports Middle, which Package.swift lists later"),
            (
                "Sources/Low/A.swift", "package import CBlas",
                "imports CBlas, which Package.swift doesn't give Low"
            ),
            (
                "Sources/High/Sub/A.swift", "import Middle",
                "imports Middle, which Package.swift doesn't give High"
            ),
            ("Sources/Other/A.swift", "", "no target Other in Package.swift"),
        ] as [(String, String, String?)])
    func wrongArrowsAreFound(path: String, text: String, expected: String?) {
        #expect(tree([path: text]).wrongArrows == (expected.map { ["\(path): \($0)"] } ?? []))
    }

    @Test func anArrowDownTheManifestIsFound() {
        let manifest = #".target(name: "A", dependencies: ["B"]), .target(name: "B")"#
        #expect(
            tree([:], manifest: manifest).wrongArrows == [
                "Package.swift: A depends on B, which is listed later"
            ])
    }

    @Test func importersAndIncludersOutsideTheOwnerAreFound() {
        let tree = tree([
            "Sources/Low/A.swift": "import CBlas", "Sources/Middle/A.swift": "import CBlas",
            "Sources/High/A.swift": "import Low", "Sources/CBlas/a.h": "// x\n#include <blas.h>",
        ])
        #expect(tree.importers(of: ["CBlas"], exceptIn: "Middle") == ["Sources/Low/A.swift"])
        #expect(tree.importers(of: "CBlas", upTo: "Low") == ["Sources/Low/A.swift"])
        #expect(tree.importers(of: "Low", upTo: "Middle") == [])
        #expect(tree.includers(of: "blas.h", exceptIn: "Low") == ["Sources/CBlas/a.h"])
        #expect(tree.includers(of: "blas.h", exceptIn: "CBlas") == [])
    }

    @Test func folderArrowsThatPointDownAreFound() {
        let tree = tree([
            "Sources/Low/One/A.swift": "struct A {}\n// B\nlet text = \"B\"",
            "Sources/Low/Two/B.swift": "package final class B { let a: A }\nprivate enum C {}",
            "Sources/Low/One/D.swift": "struct D { let b: B, c: C }", "Sources/Low/E.swift": "let b: B",
            "Sources/Low/One/F.swift": "struct F { let b: any Swift.B }",
        ])
        let wrong = ["Sources/Low/One/D.swift: names B, which Two declares"]
        #expect(tree.wrongArrows(in: "Low", folders: ["One", "Two"]) == wrong)
        #expect(
            tree.wrongArrows(in: "Low", folders: ["Two"]) == ["Sources/Low/One: no such folder in the order"])
    }

    @Test func adapterMethodsAreFoundByTheirFiles() {
        let tree = tree([
            "Sources/Adapters/Methods/LoRA.swift": "", "Sources/Adapters/Table.swift": "",
            "Sources/Encoders/A.swift": "let x = 1\n// As lora does\nlet explorable = 2",
        ])
        #expect(tree.adapterMethods == ["lora"])
        #expect(
            tree.mentionsOfAdapterMethods(in: "Encoders") == ["Sources/Encoders/A.swift:2: mentions lora"])
    }

    @Test(
        arguments: [
            ("func f() -> (a: Int, b: [Int], c: any P)? {", 1),
            ("let x: [(Int, Range<Int>, [K: V])] = []", 1),
            ("func f(\n    _ x: (Int, Int, Int)\n) {", 1), ("var x: [String: (A, B, C)]", 1),
            ("let x: (A, B)", 0), ("let f: (A, B, C) -> D", 0), ("let f: (A, B, C) throws -> D", 0),
            ("let x = (1, 2, 3)", 0), ("f(a: (x, y, z))", 0), ("// -> (A, B, C)", 0),
            ("let x: Map<A, (B, C)>", 0), ("let t = \": (A, B, C)\"", 0),
        ] as [(String, Int)])
    func widePiecesWithoutANameAreFound(text: String, count: Int) {
        let found = tree(["Sources/Low/A.swift": text]).tuples(ofMoreThan: 2)
        #expect(found.count == count && found.allSatisfy { $0.contains("a tuple of 3 fields") }, "\(text)")
    }

    @Test func wideLinesAreFound() {
        let tree = SourceTree(
            manifest: Self.manifest,
            files: [
                "Sources/Low/A.swift": "// ‖é‖²\nlet text = \"\"\"\n    words\n",
                "Sources/Low/a.h": "// 345678",
            ],
            tests: ["Tests/LowTests/A.swift": "let text = \"//\"\n    // word\nlet a = 1  // One\n// 4567"])
        #expect(
            tree.linesWiderThan(7) == [
                "Sources/Low/A.swift:2: 14 columns", "Sources/Low/A.swift:3: 9 columns",
                "Tests/LowTests/A.swift:2: 11 columns", "Tests/LowTests/A.swift:3: 17 columns",
            ])
    }

    @Test func filesOfSeveralTypesAreFound() {
        let tree = tree([
            "Sources/Low/A.swift":
                "/// A.\npackage struct A {\n    enum Inner {}\n}\n\nextension A {\n    class Deep {}\n}\n"
                + "private struct Own {}\n// struct B {}\nlet text = \"enum C {}\"",
            "Sources/Low/B.swift": "struct B {}\n@usableFromInline package protocol C {}\nprivate enum D {}",
            "Sources/Low/C.md": "struct B {}\nstruct C {}",
        ])
        #expect(tree.filesOfSeveralTypes == ["Sources/Low/B.swift: declares B, C"])
    }

    @Test func headersLengthsAndPagesAreChecked() {
        let tree = tree([
            "Sources/CBlas/a.h": "#pragma once", "Sources/CBlas/b.h": "// Why.\n",
            "Sources/Low/A.swift": "1\n2\n3\n",
            "Sources/Low/B.swift": "1\n2\n", "Sources/Middle/A.swift": "",
            "Sources/Middle/Middle.docc/Middle.md": "",
        ])
        #expect(tree.headersWithoutReason == ["Sources/CBlas/a.h"])
        #expect(tree.filesLongerThan(2) == ["Sources/Low/A.swift"])
        #expect(tree.filesLongerThan(3) == [])
        #expect(tree.undocumentedTargets == ["Low"])
    }
}

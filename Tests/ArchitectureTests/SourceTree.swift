import Foundation

/// The package's sources as text, and their violations of the architecture.
struct SourceTree {
    let package: PackageTargets
    /// Text by path, such as `Sources/Formats/JSONValue.swift`.
    let files: [String: String]
    /// Swift files of the tests by path.
    let tests: [String: String]

    init(manifest: String, files: [String: String], tests: [String: String] = [:]) {
        package = PackageTargets(manifest: manifest)
        (self.files, self.tests) = (files, tests)
    }

    /// Reads `Package.swift`, everything textual under `Sources` and the Swift files under `Tests`.
    init(root: URL) throws {
        let manifest = try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
        self.init(
            manifest: manifest, files: try Self.read("Sources", in: root, ["swift", "h", "c", "md"]),
            tests: try Self.read("Tests", in: root, ["swift"]))
    }

    private static func read(_ name: String, in root: URL, _ extensions: [String]) throws -> [String: String]
    {
        let folder = root.appendingPathComponent(name)
        var files: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        where extensions.contains((path as NSString).pathExtension) {
            files["\(name)/\(path)"] = try String(
                contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        }
        return files
    }

    /// Swift files with their target's name, in order of path.
    var swiftFiles: [(path: String, target: String, text: String)] {
        files.filter { $0.key.hasSuffix(".swift") }.sorted { $0.key < $1.key }
            .map { ($0.key, Self.target(of: $0.key), $0.value) }
    }

    private static func target(of path: String) -> String {
        String(path.split(separator: "/").dropFirst().first ?? "")
    }

    /// The modules that a file imports.
    static func imports(of text: String) -> [String] {
        let line =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+/
            .anchorsMatchLineEndings()
        let kinds = /(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?/
        return text.matches(of: line).compactMap { match in
            text[match.range.upperBound...].trimmingPrefix(kinds).prefixMatch(of: /\w+/).map { String($0.0) }
        }
    }

    /// Imports of this package's modules that `Package.swift` doesn't grant, or that point down its list.
    var wrongArrows: [String] {
        var wrong = package.targets.enumerated().flatMap { index, target in
            target.dependencies.sorted().filter { (package.index(of: $0) ?? -1) >= index }
                .map { "Package.swift: \(target.name) depends on \($0), which is listed later" }
        }
        for (path, target, text) in swiftFiles {
            guard let importer = package.index(of: target) else {
                wrong.append("\(path): no target \(target) in Package.swift")
                continue
            }
            for module in Self.imports(of: text) {
                guard let imported = package.index(of: module) else { continue }
                if imported >= importer {
                    wrong.append("\(path): imports \(module), which Package.swift lists later")
                } else if !package.targets[importer].dependencies.contains(module) {
                    wrong.append("\(path): imports \(module), which Package.swift doesn't give \(target)")
                }
            }
        }
        return wrong
    }

    /// Files outside `owner` that import one of some modules.
    func importers(of modules: Set<String>, exceptIn owner: String) -> [String] {
        swiftFiles.filter { $0.target != owner && !modules.isDisjoint(with: Self.imports(of: $0.text)) }.map(
            \.path)
    }

    /// Files of `last` and of the targets listed before it that import a module.
    func importers(of module: String, upTo last: String) -> [String] {
        guard let end = package.index(of: last) else { return ["Package.swift: no target \(last)"] }
        let lower = Set(package.targets[...end].map(\.name))
        return swiftFiles.filter { lower.contains($0.target) && Self.imports(of: $0.text).contains(module) }
            .map(\.path)
    }

    /// C files outside `owner` that include a header.
    func includers(of header: String, exceptIn owner: String) -> [String] {
        files.filter { path, text in
            (path.hasSuffix(".h") || path.hasSuffix(".c")) && Self.target(of: path) != owner
                && text.contains(/^\s*#\s*include\s*[<"]/.anchorsMatchLineEndings())
                && text.contains("include <\(header)>")
        }.keys.sorted()
    }

    /// The adapter methods, by the names of their files.
    var adapterMethods: [String] {
        files.keys.filter { $0.hasPrefix("Sources/Adapters/Methods/") && $0.hasSuffix(".swift") }
            .map { ($0 as NSString).lastPathComponent.dropLast(".swift".count).lowercased() }.sorted()
    }

    /// Places in a target's sources where an adapter method is named.
    func mentionsOfAdapterMethods(in target: String) -> [String] {
        let methods = Set(adapterMethods)
        return swiftFiles.filter { $0.target == target }.flatMap { path, _, text in
            text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { line, text in
                text.matches(of: /\w+/).map { $0.0.lowercased() }.filter(methods.contains)
                    .map { "\(path):\(line + 1): mentions \($0)" }
            }
        }
    }

    /// C headers that don't begin with a comment, which should say why they exist.
    var headersWithoutReason: [String] {
        files.filter { $0.key.hasSuffix(".h") && !$0.value.hasPrefix("//") && !$0.value.hasPrefix("/*") }.keys
            .sorted()
    }

    /// Swift library targets that have no page of documentation.
    var undocumentedTargets: [String] {
        package.targets.filter { $0.kind == "target" && $0.path == nil }.map(\.name).filter { name in
            swiftFiles.contains { $0.target == name }
                && files["Sources/\(name)/\(name).docc/\(name).md"] == nil
        }
    }
}

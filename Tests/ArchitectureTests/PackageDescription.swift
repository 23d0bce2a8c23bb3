import Foundation

/// The package's targets as `Package.swift` lists them, which is also the order of the architecture.
struct PackageTargets {
    struct Target {
        let name: String
        /// `target`, `executableTarget`, `systemLibrary` or `testTarget`.
        let kind: String
        let dependencies: Set<String>
        /// The folder, where it isn't the usual one.
        let path: String?
    }

    let targets: [Target]

    init(manifest: String) {
        let code = manifest.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.replacing(/^\s*\/\/.*$/, with: "") }.joined(separator: "\n")
        targets = code.matches(of: /\.(target|executableTarget|systemLibrary|testTarget)\(\s*name:\s*"(\w+)"/)
            .map {
                let call = Self.untilClosed(code[$0.range.upperBound...])
                let list = call.firstMatch(of: /dependencies:\s*\[/).map {
                    Self.untilClosed(call[$0.range.upperBound...])
                }
                let names = list?.matches(of: /"([\w-]+)"/).map { String($0.1) } ?? []
                let path = call.firstMatch(of: /path:\s*"([^"]+)"/).map { String($0.1) }
                return Target(name: String($0.2), kind: String($0.1), dependencies: Set(names), path: path)
            }
    }

    func index(of name: String) -> Int? { targets.firstIndex { $0.name == name } }

    /// The text up to the bracket that closes the one before it.
    static func untilClosed(_ text: Substring) -> Substring {
        var depth = 1
        for index in text.indices {
            if "([".contains(text[index]) { depth += 1 }
            if ")]".contains(text[index]) { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}

extension SourceTree {
    /// Places where a file of one folder names a type that a later folder of its target declares.
    ///
    /// `folders` lists all folders of the target, the lowest first.
    func wrongArrows(in target: String, folders: [String]) -> [String] {
        let prefix = "Sources/\(target)/"
        let sources = files.filter { $0.key.hasPrefix(prefix) && $0.key.hasSuffix(".swift") }
            .map { path, text in Source(path: path, folder: Self.folder(path, after: prefix), text: text) }
            .sorted { $0.path < $1.path }
        var wrong = Set(sources.compactMap(\.folder)).subtracting(folders).sorted().map {
            "\(prefix)\($0): no such folder in the order"
        }
        var places: [String: Int] = [:]
        for source in sources {
            guard let folder = source.folder, let index = folders.firstIndex(of: folder) else { continue }
            for name in source.declaredTypes { places[name] = index }
        }
        for source in sources {
            guard let folder = source.folder, let index = folders.firstIndex(of: folder) else { continue }
            for name in source.names.sorted() {
                guard let place = places[name], place > index else { continue }
                wrong.append("\(source.path): names \(name), which \(folders[place]) declares")
            }
        }
        return wrong
    }

    /// The code alone: no comments, no texts.
    static func code(of text: String) -> String {
        text.replacing(/\/\/[^\n]*/, with: "").replacing(/"(?:[^"\\\n]|\\.)*"/, with: "\"\"")
    }

    private static func folder(_ path: String, after prefix: String) -> String? {
        let parts = path.dropFirst(prefix.count).split(separator: "/")
        return parts.count > 1 ? String(parts[0]) : nil
    }
}

/// A Swift file of a target's folder; nil for a file at the target's root.
private struct Source {
    let path: String
    let folder: String?
    let text: String

    /// Types that other files can name.
    var declaredTypes: [String] { SourceTree.declaredTypes(of: text) }

    /// Words that could name a type of the package, so not `Swift.Encoder`.
    var names: Set<String> {
        let code = SourceTree.code(of: text).replacing(/\bSwift\.\w+/, with: "")
        return Set(code.matches(of: /\b[A-Z]\w*/).map { String($0.0) })
    }
}

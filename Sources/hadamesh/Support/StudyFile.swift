import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Runs
package import Studies
import Yams

/// A study file with changes from the command line, decoded strictly; failures name file and line.
package struct StudyFile {
    private let path: String
    private let root: Node
    private let changes: [StudyChange]
    /// Consequences of the changes that a user may not expect.
    package private(set) var notes: [String] = []

    /// Reads a file and applies changes of the form `key.sub=value`.
    package init(path: String, overrides: [String] = [], isOfRun: Bool = false) throws {
        try self.init(Self.data(at: path), path: path, overrides: overrides, isOfRun: isOfRun)
    }

    /// The bytes of a file; a missing one is a failure that suggests a file of its folder.
    static func data(at path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else { throw unreadable(path) }
        return data
    }

    /// Parses the content of a file and applies changes.
    ///
    /// The study of a run or a sweep may have both `steps` and `epochs` of a stage, as earlier versions wrote
    /// them; any other file with both is refused.
    init(_ data: Data, path: String, overrides: [String], isOfRun: Bool = false) throws {
        self.path = path
        changes = try overrides.map(StudyChange.init)
        let file = try YAMLText.compose(Self.text(data, at: path), at: path) ?? Node([:])
        var root = file
        for change in changes { root = try change.applied(to: root) }
        try StudyChange.requireNoneLost(changes, in: root)
        for change in changes {
            notes += [
                change.replacedKeys(of: file, now: root),
                try change.removeFormerSettings(from: &root, was: file, besides: changes),
            ].compactMap(\.self)
        }
        do {
            notes += try StageLength.settle(&root, changes, refusesBoth: !isOfRun)
        } catch let failure as Failure where failure.location?.hasPrefix(StudyChange.option) != true {
            throw root.located(failure, in: path)
        }
        self.root = root
    }

    /// The text of a file, without the byte order mark that Windows editors begin it with.
    static func text(_ data: Data, at path: String) throws -> String {
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure.usage("is not UTF-8 text", at: path)
        }
        return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    }

    /// The text of a key that is not in a section; nil if it has none.
    func text(ofKey key: String) -> String? { root[path: [key]]?.string }

    /// The file with its changes, in YAML.
    var changedText: String { get throws { try Yams.serialize(node: root, width: -1) } }

    /// The remedy for a folder in place of a study file: the command that continues its run, or the names of
    /// runs or studies in it.
    static func remedy(forFolder path: String) -> String? {
        let directory = RunDirectory(path: path)
        if directory.hasBegun { return "to continue the run: \(directory.resumption)" }
        if let runs = RunDirectory.suggestion(from: path) { return "\(runs), with --resume" }
        let names = studies(in: path).prefix(6).map { "\(directory.path)/\($0)" }
        return names.isEmpty ? nil : "name a file in it: \(names.joined(separator: ", "))"
    }

    /// The names of the YAML files in a folder.
    private static func studies(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
    }

    private static func unreadable(_ path: String) -> Failure {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            let found = isFolder.boolValue ? "is a folder, expected a study file" : "no readable study file"
            return .usage(found, at: path)
        }
        let file = URL(fileURLWithPath: path)
        let studies = studies(in: file.deletingLastPathComponent().path)
        let near = nearestName(to: file.lastPathComponent, among: studies)
        return .usage("no such file", at: path, remedy: near.map { "did you mean \($0)?" })
    }

    /// The study, with references of runs read; a failure names the line of its key, or the change that set
    /// it.
    package func study() throws -> Study {
        do {
            return try YAMLText.decode(
                Study.self, from: root, userInfo: [.foreignNames: NamesElsewhere()]
            ).readingReferences()
        } catch let failure as Failure {
            throw located(failure)
        }
    }

    /// The study of a finished or imported run; `backbone` and `data` replace paths, `changes` other keys.
    static func study(
        ofFinished run: String, backbone: String?, data: String? = nil, changes: [String] = []
    ) throws -> Study {
        let directory = RunDirectory(path: run)
        guard FileManager.default.fileExists(atPath: directory.studyFile),
            directory.hasBegun || directory.isImported
        else { throw noRun(at: directory.path) }
        if let backbone { try BackboneReference.requireFolder(BackboneReference(backbone).folder) }
        let overrides =
            [backbone.map { "backbone=\($0)" }, data.map { "data=\($0)" }].compactMap(\.self) + changes
        let study = try StudyFile(path: directory.studyFile, overrides: overrides, isOfRun: true).study()
        if directory.hasBegun { _ = try RunResults.ofFinished(directory) }
        if !RunFiles.isFolder(study.backbone.folder) {
            throw Failure.data(
                "there is no such folder, but the run \(run) was trained on it", at: study.backbone.name,
                remedy: "pass its current path with --backbone DIR")
        }
        return study
    }

    private static func noRun(at path: String) -> Failure {
        guard FileManager.default.fileExists(atPath: path) else {
            return .usage("no such run directory", at: path, remedy: "name the directory of a run")
        }
        return .usage(
            "this is not a run directory", at: path,
            remedy: RunDirectory.suggestion(from: path) ?? "name the directory that hadamesh train wrote")
    }

    /// A study as YAML with all defaults filled in, numbers without needless exponents, and of a stage's
    /// `steps` and `epochs` only what counts.
    package static func text(of study: Study) throws -> String {
        let encoder = YAMLEncoder()
        encoder.options.width = -1
        let values = try JSONValue(encoding: study)
        guard var root = try Yams.compose(yaml: encoder.encode(study)).map({ YAMLText.exact($0, values) })
        else { return "" }
        for stage in Stages.CodingKeys.allCases.map(\.stringValue) {
            let settings = root["stages"]?[stage]
            // Epochs that were given stay: they are part of the run's identity.
            let isDefault = settings?["epochs"]?.float == StageSettings.standardEpochs
            if settings?["steps"] != nil, isDefault { root["stages"]?[stage]?.mapping?["epochs"] = nil }
        }
        return try Yams.serialize(node: root, width: -1)
    }

    // MARK: Places

    private func located(_ failure: Failure) -> Failure {
        locatedAlone(failure).with(others: failure.others.map(located))
    }

    private func locatedAlone(_ failure: Failure) -> Failure {
        guard let key = failure.location, !key.isEmpty else { return failure.at(path) }
        let names = names(ofKeyPath: key)
        // The change that set the value, or one that made the mapping above it.
        let change = changes.last { names.starts(with: $0.key) }
        let failure = failure.with(
            remedy: listRemedy(failure, names, isChange: change != nil) ?? failure.remedy)
        if change != nil { return failure.at(StudyChange.option + names.joined(separator: ".")) }
        let maker = changes.last { $0.key.starts(with: names) }
        return root.located(failure, in: path, otherwise: maker?.place)
    }

    /// The remedy for a list whose brackets are missing.
    private func listRemedy(_ failure: Failure, _ names: [String], isChange: Bool) -> String? {
        guard failure.reason == .notAList, let text = root[path: names]?.scalar?.string else { return nil }
        let words = text.split { $0 == "," || $0 == " " }.map(String.init)
        if words.isEmpty { return nil }
        let elements = words.flatMap { NamesElsewhere.values[$0] ?? [$0] }.joined(separator: ", ")
        let key = names.joined(separator: ".")
        // A number of labels, as in other software: the list has their names.
        if names.last == "labels", words.count == 1 { return "list all labels by name, two or more" }
        return isChange ? "--set '\(key)=[\(elements)]'" : "write \(names.last ?? key): [\(elements)]"
    }
}

import Diagnostics
import Formats
import Foundation
import Runs
package import Studies
import Yams

/// A sweep file with its base study; failures name file and line.
package struct SweepFile {
    /// The texts of a sweep: all that its trials follow from, beside data and backbone.
    struct Texts: Codable, Equatable {
        /// The sweep file.
        let sweep: String
        /// The base study, with the changes of the command line.
        let base: String

        /// Whether other texts ask for the same trials.
        ///
        /// The backbone and the data may have moved: runs compare their content.
        func asksForTrials(of other: Texts) throws -> Bool {
            func withoutPaths(_ text: String) throws -> Node? {
                try ["backbone", "data"].reduce(into: Yams.compose(yaml: text)) { $0?.mapping?[$1] = nil }
            }
            return try sweep == other.sweep
                && (base == other.base || withoutPaths(base) == withoutPaths(other.base))
        }
    }

    let path: String
    package let settings: SweepSettings
    let texts: Texts
    private let root: Node
    /// Whether lines of ``root`` are those of the file at ``path``; changes of the sweep move them.
    private let hasLines: Bool

    /// Reads a sweep file and its base study with changes of the form `key.sub=value`.
    package init(path: String, changes: [String]) throws {
        if RunFiles.isFolder(path) {
            let directory = SweepDirectory(path: path)
            throw Failure.usage(
                "is a folder, expected a sweep file", at: path,
                remedy: directory.hasBegun ? "to continue this sweep: \(directory.resumption)" : nil)
        }
        var text = try StudyFile.text(StudyFile.data(at: path), at: path)
        var root = try YAMLText.compose(text, at: path) ?? Node([:])
        let own = try changes.compactMap { try StudyChange($0).below(Self.ownChanges) }
        hasLines = own.isEmpty
        if !hasLines {
            root = try own.reduce(root) { try $1.applied(to: $0) }
            text = try Yams.serialize(node: root, width: -1)
        }
        settings = try Self.settings(of: root, path, hasLines: hasLines)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let base = settings.base.hasPrefix("/") ? settings.base : "\(folder)/\(settings.base)"
        let study = try StudyFile(
            path: base, overrides: changes.filter { !$0.hasPrefix("\(Self.ownChanges).") })
        if SingleProcess.isFirst { study.notes.forEach { StandardError.say($0) } }
        (self.path, self.root) = (path, root)
        texts = Texts(sweep: text, base: try study.changedText)
    }

    /// The beginning of changes of the sweep file itself: `sweep.then.seeds=[11, 12]`.
    private static let ownChanges = "sweep"

    /// Reads the texts of a sweep; `path` is the name of the file in messages.
    init(_ texts: Texts, path: String, changes: [String] = []) throws {
        self.path = path
        self.texts = texts
        root = try YAMLText.compose(texts.sweep, at: path) ?? Node([:])
        hasLines = try changes.allSatisfy { try StudyChange($0).below(Self.ownChanges) == nil }
        settings = try Self.settings(of: root, path, hasLines: hasLines)
    }

    private static func settings(of root: Node, _ path: String, hasLines: Bool) throws -> SweepSettings {
        do {
            return try YAMLText.decode(SweepSettings.self, from: root)
        } catch let failure as Failure {
            throw root.located(failure, in: path, hasLines: hasLines)
        }
    }

    /// The study of a trial's run: the base with the trial's settings, a seed, and what the sweep decides.
    ///
    /// - Parameters:
    ///   - trial: the trial
    ///   - seed: the seed of the run
    ///   - isFresh: whether the run repeats a winner, scored on dev
    ///   - features: the folder for activations unless the base names one; nil for none
    /// - Returns: the study
    /// - Throws: a failure at a key of the study
    package func study(of trial: Trial, seed: UInt64, isFresh: Bool, features: String? = nil) throws -> Study
    {
        let base = Data(texts.base.utf8)
        func study(_ changes: [String]) throws -> Study {
            do {
                return try StudyFile(base, path: settings.base, overrides: changes, isOfRun: true)
                    .study()
            } catch let failure as Failure
                where failure.location?.hasPrefix("\(settings.base):") == true
            {
                // The line is one of the study with its changes, not of the file.
                throw failure.at(settings.base)
            }
        }
        let settled = trial.settings.map(\.change)
        let plain = try study(settled)
        var changes = settled + ["seed=\(seed)"]
        if isFresh { changes += settings.then?.changes.map(\.change) ?? [] }
        if isFresh || settings.metric.on == .dev {
            changes.append("evaluation.heldOut=0")
        } else if plain.evaluation.heldOut == 0 {
            changes.append("evaluation.heldOut=\(SweepMetric.heldOut)")
        }
        // A rung ends with an evaluation.
        if settings.search.method == .halving, !isFresh {
            changes.append("evaluation.every=\(settings.search.first)")
        }
        if let features, plain.cache.features == nil {
            changes.append("cache.features=\(ParameterValue(scalar: features).text)")
        }
        return try study(changes)
    }

    /// A failure about a key of the sweep, at its line.
    func located(_ failure: Failure) -> Failure {
        root.located(failure, in: path, hasLines: hasLines)
    }

    /// Locates a trial's failure at the parameter that caused it, or at one in the same section.
    func located(_ failure: Failure, of trial: Trial) -> Failure {
        guard let key = studyKey(failure) ?? failure.key else { return failure }
        func isAbout(_ setting: Trial.Setting) -> Bool {
            key == setting.key || key.hasPrefix("\(setting.key).")
        }
        func isBeside(_ setting: Trial.Setting) -> Bool {
            let section = setting.key.split(separator: ".").dropLast().joined(separator: ".")
            return !section.isEmpty && key.hasPrefix("\(section).")
        }
        guard let setting = trial.settings.first(where: isAbout) ?? trial.settings.first(where: isBeside)
        else { return failure }
        return located(failure.at("parameters.\(setting.key)"))
    }

    /// A failure of a trial's study in words, with the key of the study that it is about.
    func words(_ failure: Failure) -> String {
        "\(failure.at(studyKey(failure) ?? failure.location))"
    }

    /// The key of a study at which a change made a failure; nil for another place.
    private func studyKey(_ failure: Failure) -> String? {
        failure.location.flatMap {
            $0.hasPrefix(StudyChange.option) ? String($0.dropFirst(StudyChange.option.count)) : nil
        }
    }
}

extension SweepFile {
    /// The texts of the given sweep, or of the one that began in the directory; another one is refused.
    ///
    /// Without a given sweep, the directory's own continues. Called by one rank; nothing is written.
    static func texts(of given: SweepFile?, in directory: SweepDirectory, isResuming: Bool) throws -> Texts {
        guard directory.hasBegun else {
            guard let given else {
                throw Failure.usage(
                    "holds no sweep", at: directory.path,
                    remedy: "name the directory that hadamesh sweep wrote")
            }
            return given.texts
        }
        guard isResuming else {
            throw Failure.usage(
                "this sweep already exists", at: directory.path,
                remedy: "continue it with: \(directory.resumption), or choose another --output")
        }
        func text(_ path: String) throws -> String { try StudyFile.text(StudyFile.data(at: path), at: path) }
        let saved = Texts(sweep: try text(directory.sweepFile), base: try text(directory.baseFile))
        guard let given else { return saved }
        guard try given.texts.asksForTrials(of: saved) else {
            let part = given.texts.sweep != saved.sweep ? "sweep file" : "base study"
            throw Failure.usage(
                "began with another \(part)", at: directory.path,
                remedy: "continue it as it was with: \(directory.resumption), or choose another --output")
        }
        return given.texts
    }

    /// Begins the sweep in its directory, whose lock the caller holds, unless it has begun there.
    func begin(in directory: SweepDirectory, isResuming: Bool) throws {
        // Another job may have begun meanwhile.
        _ = try Self.texts(of: self, in: directory, isResuming: isResuming)
        if !directory.hasBegun { try OutputFolder.requireUnused(directory.path) }
        // The sweep file comes last: with it, a sweep has begun.
        try AtomicFile.write(Data(texts.base.utf8), to: directory.baseFile)
        try AtomicFile.write(Data(texts.sweep.utf8), to: directory.sweepFile)
    }
}

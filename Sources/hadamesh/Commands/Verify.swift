import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import Tasks
import Tokenizers
import Training

/// `hadamesh verify`.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Computes the last steps of a finished run again, and says whether every bit is the same.",
        discussion: """
            Study, backbone, tokenizer and data must be those that the run recorded; a difference is named. \
            The steps since the last checkpoint but one are then repeated in a temporary directory, and \
            adapters, state and results compared with the run's; times and the journal are not. --whole \
            repeats the run from its first step. Any number of ranks will do; other kernels, which give \
            other bits, are refused. The exit code is 0 if all is equal, and 3 if anything differs.
            """)

    @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
    var path: String

    @Flag(help: "Repeat the whole run.")
    var whole = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: "A JSON file to write: what was compared, checksums, kernels, ranks, and the outcome.",
        transform: writtenPath)
    var output: String?

    @Option(help: "The backbone's folder or name, if it has moved since the run.")
    var backbone: String?

    @Option(help: "The data folder, if it has moved since the run.")
    var data: String?

    @Flag(help: "Print only the outcome.")
    var quiet = false

    func run() throws {
        MPI.run { world in
            StopSignal.install()
            let directory = try RunDirectory.open(at: self.path)
            try directory.requireTraining(
                to: "verify",
                remedy: "verify a run that hadamesh train wrote, such as those that this one was made from")
            let last = try RunResults.ofFinished(directory).steps ?? 0
            // Stored activations are the run's own; no page is written.
            let study = try StudyFile.study(
                ofFinished: self.path, backbone: backbone, data: data,
                changes: ["cache.features=null", "report=false"])
            let status = StatusLine(quiet: quiet || world.rank != 0)
            let inputs = try TrainingJob.Inputs(study, world, status)
            let identity = try checkedIdentity(of: directory, study, inputs)
            var scratch: RunDirectory?
            defer { if let scratch { try? FileManager.default.removeItem(atPath: scratch.path) } }
            var first = 0
            let path = try fromRoot(world) {
                if let output { try RunFiles.requireFolder(of: output) }
                let made = RunDirectory(
                    path: FileManager.default.temporaryDirectory
                        .appendingPathComponent("hadamesh-verify-\(getpid())").path)
                scratch = made
                first = try begin(made, from: directory)
                return made.path
            }
            let repeated = RunDirectory(path: path)
            let job = TrainingJob(
                file: nil, directory: repeated.path, isResuming: true,
                display: RepetitionProgress(status, last: last))
            switch try job.run(inputs.context(study), on: inputs.backbone, world) {
            case .finished, .wasFinished: break
            case .stopped, .paused:
                if world.rank == 0 { StandardError.say("stopped; nothing was verified") }
                return 75
            case .diverged(let failure), .unprunable(let failure): throw failure
            }
            let isEqual = try fromRoot(world) {
                let certificate = try Certificate(
                    of: directory, against: repeated, from: first, tasks: study.tasks.map(\.name), identity,
                    .current(study.arithmetic), ranks: world.size)
                if let output { try JSONFile.write(certificate, to: output) }
                try TextOutput.write([certificate.summary])
                return certificate.equal
            }
            return isEqual ? 0 : Failure.Kind.data.rawValue
        }
    }

    /// The identity of the inputs, which must be the recorded one.
    private func checkedIdentity(
        of directory: RunDirectory, _ study: Study, _ inputs: TrainingJob.Inputs
    ) throws -> RunIdentity {
        guard let recorded = try RunFiles.identity(in: directory) else {
            throw Failure.usage("has no recorded identity to verify", at: directory.path)
        }
        if recorded.isMixed {
            throw Failure.usage(
                "mixes kernels that give different bits, so nothing reproduces it", at: directory.path)
        }
        let found = try inputs.backbone.identity(of: study, inputs.data)
        do {
            _ = try recorded.resumed(as: found)
            return found
        } catch let failure as Failure {
            throw failure.with(
                remedy: "verify with the backbone, tokenizer, data, version and kernels of the run")
        }
    }

    /// Makes the directory in which the steps are repeated, with the checkpoint before the last one.
    ///
    /// - Returns: the step to begin after
    private func begin(_ scratch: RunDirectory, from directory: RunDirectory) throws -> Int {
        try? FileManager.default.removeItem(atPath: scratch.path)
        try Directory.create(scratch.checkpoints)
        if whole { return 0 }
        guard let last = try RunResults.ofFinished(directory).steps else {
            throw Failure.data("has no 'steps'", at: directory.resultsFile)
        }
        let steps = try Checkpoint.steps(in: directory.checkpoints).filter { $0 < last }
        guard let step = steps.max() else {
            throw Failure.usage(
                "keeps no checkpoint before its last step", at: directory.checkpoints,
                remedy: "repeat the whole run with --whole, or train with checkpoint.keep of 2 or more")
        }
        // Damage is reported at the run's own file.
        _ = try Checkpoint.read(directory.checkpoint(step: step))
        // File by file: a copied folder would be as read-only as the run's may be.
        let (saved, copy) = (directory.checkpoint(step: step), scratch.checkpoint(step: step))
        try Directory.create(copy)
        for name in try FileManager.default.contentsOfDirectory(atPath: saved) {
            try FileManager.default.copyItem(atPath: "\(saved)/\(name)", toPath: "\(copy)/\(name)")
        }
        return step
    }
}

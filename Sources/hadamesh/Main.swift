import ArgumentParser
import Coordination
import Diagnostics
import Foundation
import Kernels
import Runs

/// The command line.
struct Hadamesh: ParsableCommand {
    /// One version for the command line, file formats and journal.
    static let version = Arithmetic.programVersion

    static let configuration = CommandConfiguration(
        commandName: "hadamesh",
        abstract:
            "Trains tiny adapters on a frozen encoder, for many tasks, on any number of MPI ranks.",
        discussion: """
            Start one process, or several with mpirun or srun: results are bit-identical.
            train --resume RUN continues a run that was stopped or lost a rank.

            Exit codes:
              0   success
              2   invalid command or study
              3   invalid data, backbone or checkpoint; differing ranks; diverged training
              4   a rank failed
              5   a rank stopped responding
              75  stopped on request, after a checkpoint
            """,
        version: version,
        subcommands: [
            Train.self, Sweep.self, Evaluate.self, Predict.self, Submit.self, Explain.self, Export.self,
            Import.self, Verify.self, Bench.self, Compare.self, Report.self, Claims.self, Similarity.self,
            Affinity.self, Merge.self, Methods.self, Rules.self, Inspect.self, Tokenize.self, Doctor.self,
        ])
}

@main
enum Program {
    static func main() {
        // Only these two commands use OpenBLAS.
        if ["bench", "doctor"].contains(CommandLine.arguments.dropFirst().first) {
            restartWithBetterKernels()
        }
        // A write beyond the file size limit then fails with a message instead of ending the process.
        signal(SIGXFSZ, SIG_IGN)
        do {
            try checkSubcommand()
            var command = try Hadamesh.parseAsRoot()
            try command.run()
        } catch {
            // Help and version arrive here as errors with exit code 0.
            let isMistake = Hadamesh.exitCode(for: error) != .success
            let text = Hadamesh.fullMessage(for: error)
            // Under a launcher every rank parses the same arguments: only the first prints.
            if !isMistake {
                if SingleProcess.isFirst { print(text) }
                exit(0)
            }
            if SingleProcess.isFirst {
                let split = StudyOptions.splitValue(in: CommandLine.arguments)?.description
                StandardError.say("hadamesh: \(split ?? withoutPrefix(text))")
            } else {
                // The launcher kills all processes at the first failure: let the first rank print before.
                usleep(500_000)
            }
            exit(2)
        }
    }

    /// Suggests a subcommand for an unknown one; the parser only reports an unexpected argument.
    private static func checkSubcommand() throws {
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), word != "help" else {
            return
        }
        let names = Hadamesh.configuration.subcommands.map { "\($0)".lowercased() }
        if !names.contains(word) {
            throw ValidationError("unknown subcommand '\(word)'; \(didYouMean(word, among: names))")
        }
    }

    /// Restarts the program, before MPI begins, if OpenBLAS did not recognise the processor.
    private static func restartWithBetterKernels() {
        guard let core = BLAS.betterCore else { return }
        setenv(BLAS.coreVariable, core, 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        // Returns only on failure; the loaded kernels are then slow but correct.
        execv("/proc/self/exe", &arguments)
    }

    private static func withoutPrefix(_ text: String) -> String {
        text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text
    }
}

import ArgumentParser
import Coordination
import Diagnostics
import Foundation
import Kernels
import Runs

/// The command line.
struct Hadamesh: ParsableCommand {
    /// Of the command line, the file formats and the journal together.
    static let version = Arithmetic.programVersion

    static let configuration = CommandConfiguration(
        commandName: "hadamesh",
        abstract:
            "Trains extremely small adapters on a frozen encoder, for many tasks at once, on any number of MPI ranks.",
        discussion: """
            Start one process, or several with mpirun or srun: the result is the same, bit for bit.
            Exit codes: 0 done, 2 the command or study is wrong, 3 data, backbone or checkpoint is bad, ranks differ, or training \
            diverged, 4 a rank failed, 5 a rank stopped responding, 75 stopped on request after a checkpoint (run again with \
            --resume).
            """,
        version: version,
        subcommands: [
            Train.self, Evaluate.self, Predict.self, Explain.self, Export.self, Import.self, Bench.self,
            Compare.self,
            Similarity.self, Methods.self, Inspect.self, Tokenize.self, Doctor.self,
        ])
}

@main
enum Program {
    static func main() {
        // Only its rate is of interest, and only these two commands print it.
        if ["bench", "doctor"].contains(CommandLine.arguments.dropFirst().first) {
            useTheProcessorsKernels()
        }
        // A write beyond the limit on file sizes then fails, and is told, instead of ending the process.
        signal(SIGXFSZ, SIG_IGN)
        do {
            try checkSubcommand()
            var command = try Hadamesh.parseAsRoot()
            try command.run()
        } catch {
            // Help and version arrive here too, as errors that are none.
            let isMistake = Hadamesh.exitCode(for: error) != .success
            let text = Hadamesh.fullMessage(for: error)
            // Under a launcher every rank parses the same words: one of them answers.
            if !isMistake {
                if isFirstProcess { print(text) }
                exit(0)
            }
            if isFirstProcess {
                writeToStandardError("hadamesh: \(withoutPrefix(text))\n")
            } else {
                // The launcher ends all processes at the first bad exit: let the one that tells be done first.
                usleep(500_000)
            }
            exit(2)
        }
    }

    /// Refuses a first word that is no subcommand; the parser would only call it unexpected.
    private static func checkSubcommand() throws {
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), word != "help" else {
            return
        }
        let names = Hadamesh.configuration.subcommands.map { "\($0)".lowercased() }
        if !names.contains(word) {
            throw ValidationError("unknown subcommand '\(word)'; \(didYouMean(word, among: names))")
        }
    }

    /// Starts the program again, before MPI has begun, where OpenBLAS has not recognised the processor.
    private static func useTheProcessorsKernels() {
        guard let core = BLAS.betterCore else { return }
        setenv(BLAS.coreVariable, core, 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        // Only returns when it fails; the kernels that are loaded are then slow, but right.
        execv("/proc/self/exe", &arguments)
    }

    private static func withoutPrefix(_ text: String) -> String {
        text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text
    }
}

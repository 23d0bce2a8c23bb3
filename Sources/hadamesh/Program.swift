import ArgumentParser
import Diagnostics
import Foundation
import Kernels

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
                let known =
                    StudyOptions.splitValue(in: CommandLine.arguments)
                    ?? CommandHabits(Array(CommandLine.arguments.dropFirst())).failure(text)
                StandardError.say("hadamesh: \(known?.description ?? withoutPrefix(text))")
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
            throw ValidationError(
                "unknown subcommand '\(word)'; \(CommandHabits.remedy(forCommand: word, among: names))")
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

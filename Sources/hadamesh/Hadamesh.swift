import ArgumentParser
import Coordination
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

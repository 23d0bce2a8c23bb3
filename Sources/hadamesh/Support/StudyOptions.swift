import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Foundation
import Runs
import Studies

/// The option of commands that read a study.
struct StudyOptions: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp(
            """
            Sets a key of the study: batch.examples=16, tasks.0.train=a.tsv, adapter=lora, \
            'adapter={ method: lora, rank: 4 }'.
            """, valueName: "key=value"))
    var changes: [String] = []

    /// Reads a study file; `more` are changes of the command itself.
    func study(_ path: String, _ more: [String] = []) throws -> Study {
        let file = try StudyFile(path: path, overrides: changes + more)
        let study = try file.study()
        if SingleProcess.isFirst { file.notes.forEach { StandardError.say("\($0)") } }
        return study
    }

    /// A failure about a value of `--set` that the shell split at its spaces; nil if there is none.
    static func splitValue(in arguments: [String]) -> Failure? {
        for (index, argument) in arguments.enumerated().dropFirst() where arguments[index - 1] == "--set" {
            var value = argument
            func depth() -> Int {
                value.reduce(0) { $0 + ("[{".contains($1) ? 1 : "]}".contains($1) ? -1 : 0) }
            }
            var next = index + 1
            while depth() > 0, next < arguments.count, !arguments[next].hasPrefix("-") {
                value += " " + arguments[next]
                next += 1
            }
            if next > index + 1 {
                return .usage("quote a value with spaces: --set '\(value)'", at: "--set")
            }
        }
        return nil
    }

    /// The study of a run, whose `study.yaml` rank 0 reads for all ranks; a collective.
    func study(of run: RunDirectory, on world: any Communicator) throws -> Study {
        let bytes = try bytesFromRoot(world) { Array(try RunFiles.study(in: run)) }
        return try StudyFile(Data(bytes), path: run.studyFile, overrides: changes, isOfRun: true).study()
    }
}

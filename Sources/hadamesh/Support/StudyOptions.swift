import ArgumentParser
import Collectives
import Coordination
import Foundation
import Runs
import Studies

/// The option of commands that read a study.
struct StudyOptions: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Overrides a key of the study.", valueName: "key=value"))
    var changes: [String] = []

    /// Reads a study file; `more` are changes of the command itself.
    func study(_ path: String, _ more: [String] = []) throws -> Study {
        try StudyFile(path: path, overrides: changes + more).study()
    }

    /// The study of a run, whose `study.yaml` rank 0 reads for all ranks; a collective.
    func study(of run: RunDirectory, on world: any Communicator) throws -> Study {
        let bytes = try onRoot(world) { Array(try RunFiles.study(in: run)) }
        return try StudyFile(Data(bytes), path: run.studyFile, overrides: changes).study()
    }
}

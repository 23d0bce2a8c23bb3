import ArgumentParser
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
}

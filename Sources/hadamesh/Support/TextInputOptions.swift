import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Tasks

/// Options for the texts that a run's adapters are used on.
struct TextInputOptions: ParsableArguments {
    @Option(help: "The task.")
    var task: String

    @Option(
        help: """
            A file of texts, or - for standard input, the default: a text per line, in pairs with a tab; or \
            CSV (.csv) or JSON lines (.jsonl) with the task's columns.
            """)
    var input: String?

    @Option(help: "The format of the input, if the file's ending does not say it: tsv, csv or jsonl.")
    var inputFormat: String?

    @Option(
        help: ArgumentHelp(
            """
            The columns of the texts in a table: names in its header line (keys in JSON lines), or numbers \
            from 1 without one.
            """, valueName: "a,b"))
    var columns: String?

    @Option(
        help: ArgumentHelp(
            "A split of the run's own data in place of --input: train, dev, test, dev_matched, and so on."))
    var split: String?

    @Option(help: "The folder of the split's data, if it has moved since the run.")
    var data: String?

    func validate() throws {
        if split != nil, input != nil || columns != nil || inputFormat != nil {
            throw ValidationError(
                "--split names a file of the run's data: leave out --input, --input-format and --columns")
        }
        if data != nil, split == nil { throw ValidationError("--data needs --split") }
    }

    /// The examples, on every rank; a collective, because only one process reads standard input.
    func examples(of task: any LanguageTask, in data: String, _ world: any Communicator) throws -> [Example] {
        if let split {
            return try task.examples(
                try NamedOption.value(split, of: "--split", kind: "split"), in: data)
        }
        let path = input ?? "-"
        let format: DataFormat? = try inputFormat.map {
            try NamedOption.value($0, of: "--input-format", kind: "format")
        }
        let bytes = try bytesFromRoot(world) {
            [UInt8](try TextInput.bytes(path, isPaired: task.isPaired))
        }
        return try task.texts(
            of: Data(bytes), at: TextInput.name(path), format: format ?? DataFormat(ofFile: path),
            in: columns.map { TextColumns($0) })
    }
}

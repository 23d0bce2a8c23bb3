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

    @Option(help: "A text file, or - for standard input, the default: a text per line, in pairs with a tab.")
    var input: String?

    @Option(
        help: ArgumentHelp(
            "The columns of the texts in a table: names in its header line, or numbers from 1 without one.",
            valueName: "a,b"))
    var columns: String?

    @Option(
        help: ArgumentHelp(
            "A split of the run's own data in place of --input: train, dev, test, dev_matched, and so on."))
    var split: String?

    @Option(help: "The folder of the split's data, if it has moved since the run.")
    var data: String?

    func validate() throws {
        if split != nil, input != nil || columns != nil {
            throw ValidationError("--split names a file of the run's data: leave out --input and --columns")
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
        let bytes = try onRoot(world) { [UInt8](try TextInput.bytes(path)) }
        return try task.texts(
            of: try TabSeparatedFile(Data(bytes), at: TextInput.name(path)),
            in: columns.map { TextColumns($0) })
    }
}

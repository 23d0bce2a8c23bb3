import ArgumentParser
import Diagnostics
import Encoders
import Formats
import Tokenizers

/// `hadamesh tokenize`.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the token ids of each line of standard input.",
        discussion: "Includes special tokens. Truncates only to --maximum-tokens.")

    @Option(help: "The backbone's folder, or its name in the Hugging Face cache: hf:ORG/NAME.")
    var backbone: String

    @Flag(help: "Read each line as a pair of texts separated by a tab.")
    var pairs = false

    @Option(
        parsing: .unconditional,
        help: "The maximum length; truncates the end of a text, in a pair of the longer one first.")
    var maximumTokens: Int?

    func run() throws {
        try SingleProcess.run {
            let folder = try BackboneReference(backbone).folder
            try BackboneReference.requireFolder(folder)
            let tokenizer = try TokenizerFolder.load(folder)
            let table = try DataTable(
                try TextInput.bytes("-"), at: TextInput.name("-"), format: .tsv)
            let lines = try table.rows.map { row in
                if pairs, row.fields.count != 2 {
                    throw Failure.data(
                        "found \(row.fields.count) texts, expected a pair with a tab between them",
                        at: "\(table.path):\(row.line)")
                }
                // Without --pairs a tab is ordinary white space.
                let first = pairs ? row.fields[0] : row.fields.joined(separator: "\t")
                return try tokenizer.encode(first, pairs ? row.fields[1] : nil, limit: maximumTokens ?? .max)
                    .ids.map(String.init).joined(separator: " ")
            }
            try TextOutput.write(lines)
        }
    }
}

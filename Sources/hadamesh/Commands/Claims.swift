import ArgumentParser
import Diagnostics
import Formats
import Reports

/// `hadamesh claims`.
struct Claims: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Prints verdicts on the papers' claims, and on this project's, from the sweeps that test them.",
        discussion: """
            launch/claims runs the sweeps. Each claim says that one way to train reaches a share of \
            another's mean score, or exceeds it. It is supported if the 95 % confidence interval of the \
            ratio, over the fresh seeds that both have, lies at that share or above; not supported if it \
            lies below; otherwise undecided. A claim to save parameters or operations needs fewer of them \
            too. Runs that differ in data, backbone or budget are refused, and so are runs with other scores \
            than their sweep recorded. If seeds failed, three or more pairs that remain decide, unless the \
            failures could turn the verdict; a line says which failed.
            """)

    @Argument(help: "The folder of the sweeps: headline, sharing, methods, kinds, rules and weights.")
    var folder: String

    @Option(help: "The format of the table: text, markdown, latex, csv or json.")
    var format = "text"

    func run() throws {
        try SingleProcess.run {
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            let report = try ClaimReport(folder)
            if report.isEmpty {
                throw Failure.usage(
                    "holds no finished sweep of a claim", at: folder,
                    remedy: "run launch/claims --output \(folder)")
            }
            try TextOutput.write([report.text(format, width: TextOutput.width())])
        }
    }
}

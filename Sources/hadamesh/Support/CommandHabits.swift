import Diagnostics
import Runs
import Studies

/// The answers to command lines in the form of other software, such as `--learning_rate 1e-3`.
struct CommandHabits {
    /// The command line, without the program.
    private let arguments: [String]
    private let command: String

    /// The commands that have `--set`.
    private static let withStudy = ["train", "sweep", "bench", "doctor", "import"]

    init(_ arguments: [String]) {
        (self.arguments, command) = (arguments, arguments.first ?? "")
    }

    /// The commands for the names that users of other software try.
    private static let commands: [(names: [String], command: String)] = [
        (["fit", "fine-tune", "finetune", "run", "start"], "train STUDY"),
        (["resume", "continue", "restart"], "train --resume RUN"),
        (["eval", "test", "score", "validate"], "evaluate RUN"),
        (["infer", "inference", "generate", "classify"], "predict RUN"),
        (["save", "convert", "push", "upload"], "export RUN"), (["load"], "import FOLDER"),
        (["info", "show", "describe", "print"], "inspect PATH"),
        (["diff", "table", "results"], "compare RUN…"), (["plot", "dashboard", "view"], "report RUN…"),
        (["adapters", "list"], "methods"), (["tune", "search", "grid"], "sweep SWEEP"),
        (["env", "check", "status"], "doctor"), (["benchmark", "profile", "speed"], "bench STUDY"),
        (["version"], "--version"),
    ]

    /// The remedy for an unknown subcommand.
    static func remedy(forCommand word: String, among names: [String]) -> String {
        if let known = commands.first(where: { $0.names.contains(word.lowercased()) }) {
            return "here it is \(Invocation.program) \(known.command)"
        }
        return didYouMean(word, among: names)
    }

    /// The failure in place of the parser's `message`; nil for the message itself.
    func failure(_ message: String) -> Failure? {
        guard Self.withStudy.contains(command) else { return nil }
        let parts = message.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let word = String(parts[1])
        if parts[0].hasSuffix("Unknown option ") { return unknown(word) }
        if parts[0].lowercased().contains("unexpected argument") { return unexpected(word) }
        if word == "--resume" {
            return arguments.lazy.compactMap(Self.resumed).first.map(resumption)
        }
        return nil
    }

    private func unknown(_ option: String) -> Failure? {
        let value = value(of: option)
        if ["-n", "-np"].contains(option) {
            let ranks = value ?? "N"
            let launcher = command == "train" ? "launch/local -n \(ranks) STUDY, or " : ""
            return .usage(
                "is no option of \(command)", at: option,
                remedy: "to start \(ranks) ranks: \(launcher)mpirun -n \(ranks) hadamesh \(command) …")
        }
        let name = String(option.drop { $0 == "-" })
        let underscored = name.replacing("-", with: "_")
        if Study.keyNames.contains(name.prefix { $0 != "." }.description) {
            return ofStudy(option, key: name, value)
        }
        guard
            let key = NamesElsewhere.keys.first(where: {
                $0.names.contains { [name, underscored].contains($0) }
            })
        else { return nil }
        guard let path = key.path else {
            return .usage("is no option of \(command)", at: option, remedy: key.remark)
        }
        return ofStudy(option, key: path, key.remark == nil ? value : nil, key.remark)
    }

    /// The failure for an option whose meaning is a key of studies.
    private func ofStudy(_ option: String, key: String, _ value: String?, _ remark: String? = nil) -> Failure
    {
        .usage(
            "is no option of \(command), but \(key) is a key of studies", at: option,
            remedy: "--set \("\(key)=\(value ?? "VALUE")".shellWord)"
                + (remark.map { " (\($0))" } ?? ""))
    }

    private func unexpected(_ word: String) -> Failure? {
        if word.prefixMatch(of: /[A-Za-z][A-Za-z0-9_.]*=/) != nil {
            return .usage(
                "is no argument of \(command)", at: word,
                remedy: "to change the study: --set \(word.shellWord)")
        }
        for (index, key) in arguments.enumerated().dropFirst()
        where arguments[index - 1] == "--set" && !key.contains("=")
            && arguments.dropFirst(index + 1).first == word
        {
            return .usage(
                "expected key=value, found '\(key)' and '\(word)'", at: "--set",
                remedy: "--set \("\(key)=\(word)".shellWord)")
        }
        guard let index = arguments.firstIndex(of: "--resume"), index + 1 < arguments.count,
            !arguments[index + 1].hasPrefix("-")
        else { return nil }
        return resumption(of: arguments[index + 1])
    }

    private func resumption(of run: String) -> Failure {
        .usage(
            "takes no value beside a study", at: "--resume",
            remedy: "the \(command == "sweep" ? "sweep" : "run") is enough: "
                + "\(Invocation.program) \(command) --resume \(run.shellWord)")
    }

    private static func resumed(_ argument: String) -> String? {
        argument.hasPrefix("--resume=") ? String(argument.dropFirst("--resume=".count)) : nil
    }

    /// The value that an option has in the command line; nil for none.
    private func value(of option: String) -> String? {
        if let joined = arguments.first(where: { $0.hasPrefix("\(option)=") }) {
            return String(joined.dropFirst(option.count + 1))
        }
        guard let index = arguments.firstIndex(of: option), index + 1 < arguments.count,
            !arguments[index + 1].hasPrefix("-")
        else { return nil }
        return arguments[index + 1]
    }
}

import Diagnostics
import Foundation

/// The beginnings of the commands that messages name, as the user called the program.
package enum Invocation {
    /// The program by its path; its name in a test, which is another program.
    package static let program: String = {
        let path = CommandLine.arguments.first ?? name
        return path.split(separator: "/").last.map(String.init) == name ? path.shellWord : name
    }()

    /// The command that trains: that of `launch/local`, which names it in the variable, or the program's.
    package static let training = ProcessInfo.processInfo.environment[variable] ?? "\(program) train"

    private static let name = "hadamesh"
    private static let variable = "HADAMESH_LAUNCHER"
}

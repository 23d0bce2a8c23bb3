import Foundation

extension Int {
    /// With a comma between thousands, for reading: `22,713,216`.
    package var grouped: String { formatted(.number.locale(Locale(identifier: "en_US"))) }
}

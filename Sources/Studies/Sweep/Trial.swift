import Diagnostics
import Foundation

/// A trial of a sweep: a value for each parameter.
package struct Trial: Sendable, Equatable {
    /// Counted from 1.
    package let number: Int
    /// In the order of the sweep's parameters.
    package let settings: [Setting]

    /// A key of the study with its value, as YAML.
    package struct Setting: Sendable, Equatable {
        package let key, value: String

        package init(key: String, value: String) { (self.key, self.value) = (key, value) }

        /// The change of the study, as `--set` takes it.
        package var change: String { "\(key)=\(value)" }
    }

    /// Keys of parameters with a single value, which no folder is named after.
    private let constants: Set<String>

    package init(number: Int, settings: [Setting], constants: Set<String> = []) {
        (self.number, self.settings, self.constants) = (number, settings, constants)
    }

    /// The value of a parameter; nil if it is none of the trial's.
    package func value(of key: String) -> String? { settings.first { $0.key == key }?.value }

    /// The name of the trial's folder: its number and the values in which trials differ, as far as they fit.
    package var folder: String {
        let varied = settings.filter { !constants.contains($0.key) }
        let words = varied.map(\.value).joined(separator: "-").map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || ".-".contains(letter)) ? letter : "-"
        }
        let name = String(words).split(separator: "-", omittingEmptySubsequences: true)
            .joined(separator: "-").prefix(40)
        return String(format: "%03d", number) + (name.isEmpty ? "" : "-\(name)")
    }

    /// The settings on one line: `adapter.method=lora stages.adapter.steps=60`.
    package var text: String { text(changedBy: []) }

    /// The settings on one line, with the values that changes give their keys, and the other changes.
    package func text(changedBy changes: [Setting]) -> String {
        let kept = settings.map { setting in changes.first { $0.key == setting.key } ?? setting }
        return (kept + changes.filter { !kept.contains($0) }).map(\.change).joined(separator: " ")
    }
}

extension SweepSettings {
    /// The trials: a function of this file alone.
    package var trials: [Trial] {
        let constants = Set(parameters.filter { $0.range.count == 1 }.map(\.key))
        switch search.method {
        case .grid:
            return combinations(parameters[...]).enumerated().map {
                Trial(number: $0 + 1, settings: $1, constants: constants)
            }
        case .random, .halving:
            return (0..<search.trials).map { index in
                Trial(
                    number: index + 1,
                    settings: parameters.map { parameter in
                        Trial.Setting(
                            key: parameter.key,
                            value: parameter.value(seed: search.seed, trial: index).text)
                    }, constants: constants)
            }
        }
    }

    /// All combinations of values; those of the last parameter change fastest.
    private func combinations(_ parameters: ArraySlice<SweepParameter>) -> [[Trial.Setting]] {
        guard let first = parameters.first else { return [[]] }
        let rest = combinations(parameters.dropFirst())
        return (first.range.all ?? []).flatMap { value in
            rest.map { [Trial.Setting(key: first.key, value: value.text)] + $0 }
        }
    }
}

import Diagnostics
import Foundation

/// Lines on standard error: on a terminal a live line that the next one replaces, otherwise plain lines for a
/// log, ten seconds apart and later a fiftieth of the work's time, which makes 250 lines in eight hours.
final class StatusLine {
    private let isTerminal = StandardError.isTerminal
    private let isQuiet: Bool
    private var isOpen = false
    /// The start of the current work.
    private var began = MonotonicClock.seconds
    /// The time of the latest line about the current work, or of its start.
    private var shown = MonotonicClock.seconds

    init(quiet: Bool) { isQuiet = quiet }

    /// The columns of the terminal; no limit without one.
    var width: Int { isTerminal ? TextOutput.width(of: STDERR_FILENO) : .max }

    /// The columns of the live line, at whose end a terminal shows `^C`.
    var liveWidth: Int { isTerminal ? max(1, width - 3) : .max }

    /// Begins some work: without a terminal its first line appears in ten seconds.
    func begin() {
        began = MonotonicClock.seconds
        shown = isTerminal ? -.infinity : began
    }

    /// Shows the state of the current work, if it is time for a line or `isLast`.
    func show(isLast: Bool = false, _ text: () -> String) {
        let now = MonotonicClock.seconds
        let pause = isTerminal ? 0.2 : max(10, (now - began) / 50)
        guard !isQuiet, isLast || now - shown >= pause else { return }
        shown = now
        guard isTerminal else { return say(text()) }
        writeToStandardError("\(StandardError.clearing)\(text().prefix(liveWidth))")
        isOpen = true
    }

    /// Prints a line that stays; a quiet program prints it only if it `isUrgent`.
    func say(_ text: String, isUrgent: Bool = false) {
        if isQuiet && !isUrgent { return }
        close()
        writeToStandardError("\(text)\n")
    }

    /// Prints a text in lines of at most the terminal's width, broken at blanks.
    func say(wrapping text: String, isUrgent: Bool = false) {
        say(text.components(separatedBy: " "), separator: "", isUrgent: isUrgent)
    }

    /// Prints items, each with the separator but the last, in lines of at most the terminal's width.
    func say(_ items: [String], separator: String, isUrgent: Bool = false) {
        var lines = [""]
        for (index, item) in items.enumerated() {
            let word = item + (index + 1 < items.count ? separator : "")
            let isFirst = lines[lines.count - 1].isEmpty
            if !isFirst, lines[lines.count - 1].count + 1 + word.count > width {
                lines.append("  \(word)")
            } else {
                lines[lines.count - 1] += (isFirst ? "" : " ") + word
            }
        }
        say(lines.joined(separator: "\n"), isUrgent: isUrgent)
    }

    /// Clears the live line.
    func close() {
        if isOpen { writeToStandardError(StandardError.clearing) }
        isOpen = false
    }
}

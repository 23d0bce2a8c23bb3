import Formats

/// Shows how many of a split's examples are tokenized, and the time left.
struct TokenizingStatus {
    private let status: StatusLine
    private let task: String
    /// The task's place among all, if there are several.
    private let place: String
    private var timer = WorkTimer()

    init(_ status: StatusLine, task: String, _ number: Int, of count: Int) {
        (self.status, self.task) = (status, task)
        place = count > 1 ? "; task \(number) of \(count)" : ""
        status.show { "reading \(task)\(place)" }
    }

    mutating func show(_ done: Int, of total: Int) {
        if done == 0 { timer = WorkTimer() }
        status.show {
            "tokenizing \(task) \(done.grouped)/\(total.grouped)\(timer.left(total - done, after: done))\(place)"
        }
    }
}

import Foundation

/// The cost of a message between two ranks: latency + bytes / bandwidth.
package struct Link: Codable, Sendable, Equatable {
    /// Seconds of an empty message, from call to call.
    package let latency: Double
    /// Bytes per second of a long message.
    package let bandwidth: Double

    package init(latency: Double, bandwidth: Double) {
        (self.latency, self.bandwidth) = (latency, bandwidth)
    }

    init(microseconds: Double, gigabits: Double) {
        self.init(latency: microseconds * 1e-6, bandwidth: gigabits * 1e9 / 8)
    }

    /// Seconds of a message, while `sharing` ranks of the node send one each.
    func seconds(_ bytes: Double, sharing: Int = 1) -> Double {
        latency + bytes * Double(sharing) / bandwidth
    }

    /// `15 µs, 9.4 Gbit/s`.
    package var words: String {
        String(format: "%.3g µs, %.4g Gbit/s", latency * 1e6, bandwidth * 8e-9)
    }
}

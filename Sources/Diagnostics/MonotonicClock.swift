import Dispatch

/// The clock for intervals: it never jumps, so a difference of two readings is the time between them.
///
/// `Date` is for labels that people read.
package enum MonotonicClock {
    /// Seconds since some moment before this process began.
    package static var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

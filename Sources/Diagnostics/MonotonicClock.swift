import Dispatch

/// The clock for measuring intervals; unlike `Date`, it is never adjusted.
package enum MonotonicClock {
    /// Seconds since an arbitrary origin.
    package static var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

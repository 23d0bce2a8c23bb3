/// The use of random numbers; streams of different purposes are independent.
package enum RandomPurpose: UInt64, Sendable {
    case initialization = 1
    case order, sampling, heldOut
    case hiddenDropout, attentionDropout, headDropout
    case pruning
    case adapter
    case combination
    case merging
    case sweep
}

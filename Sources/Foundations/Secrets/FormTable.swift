import Glibc

/// What the windows over a form's symbols are looked up in: eight letters and digits, or bytes; wiped when it goes.
///
/// A window is held whole, not as a hash, so that a hit is certain.
@safe final class FormTable: @unchecked Sendable {  // Written while a redactor is made, only read afterwards.
    /// What a window of symbols is part of; 0 means nothing.
    struct Entry: Sendable {
        private(set) var bits: UInt32

        static let none = Entry(bits: 0)

        /// A window that lies in what alone tells the secret: `need` of these, one after the other, are a disclosure.
        static func core(need: Int) -> Entry { Entry(bits: UInt32(min(need, 0xFFFF)) | 1 << 16) }
        /// A window that belongs to the form and tells nothing by itself.
        static let edge = Entry(bits: 1 << 17)
        /// The end of an encoded `sk-or-v1-`, after which digits follow as the pattern with this number says.
        static func prefix(_ pattern: Int) -> Entry { Entry(bits: 1 << 17 | UInt32(pattern + 1) << 24) }

        var isCore: Bool { bits & 1 << 16 != 0 }
        var need: Int { Int(bits & 0xFFFF) }
        var pattern: Int? { bits >> 24 == 0 ? nil : Int(bits >> 24) - 1 }

        fileprivate func union(_ other: Entry) -> Entry {
            let need = isCore && other.isCore ? min(self.need, other.need) : max(self.need, other.need)
            return Entry(bits: (bits | other.bits) & 0xFFFF_0000 | UInt32(need))
        }
    }

    private struct Slot {
        var window: UInt64
        var entry: UInt32
    }

    private var slots: UnsafeMutableBufferPointer<Slot>
    /// A bit for each window that may be there: it is small enough for the processor's cache, which the slots are not.
    private var filter: UnsafeMutableBufferPointer<UInt64>
    private var shift: UInt64
    private(set) var isEmpty = true
    private var count = 0

    /// Makes room for about so many windows; there may be more.
    init(capacity: Int) {
        let bits = max(8, Int.bitWidth - (2 * capacity).leadingZeroBitCount)
        shift = UInt64(64 - bits)
        unsafe slots = Self.allocate(1 << bits, Slot(window: 0, entry: 0))
        unsafe filter = Self.allocate(1 << (bits - 3), 0)
    }

    deinit {
        unsafe Self.wipe(slots)
        unsafe Self.wipe(filter)
    }

    func insert(_ window: UInt64, _ entry: Entry) {
        if unsafe slots.count <= count * 2 { grow() }
        isEmpty = false
        let hash = Self.hash(window)
        unsafe filter[Int(truncatingIfNeeded: hash >> (shift + 3))] |= 1 << (hash >> (shift - 3) & 63)
        var index = Int(truncatingIfNeeded: hash >> shift)
        while unsafe slots[index].window != 0 && slots[index].window != window {
            index = unsafe (index + 1) & (slots.count - 1)
        }
        if unsafe slots[index].window == 0 { count += 1 }
        unsafe slots[index] = Slot(window: window, entry: Entry(bits: slots[index].entry).union(entry).bits)
    }

    /// What the window is part of.
    func entry(_ window: UInt64) -> Entry {
        let hash = Self.hash(window)
        let bits = unsafe filter[Int(truncatingIfNeeded: hash >> (shift + 3))]
        return bits >> (hash >> (shift - 3) & 63) & 1 == 0
            ? .none : find(window, Int(truncatingIfNeeded: hash >> shift))
    }

    private func find(_ window: UInt64, _ place: Int) -> Entry {
        var index = place
        while true {
            let slot = unsafe slots[index]
            if slot.window == window { return Entry(bits: slot.entry) }
            if slot.window == 0 { return .none }
            index = unsafe (index + 1) & (slots.count - 1)
        }
    }

    /// Fibonacci hashing: the high bits of the product depend on all bits of the window.
    private static func hash(_ window: UInt64) -> UInt64 { window &* 0x9E37_79B9_7F4A_7C15 }

    private func grow() {
        let old = unsafe (slots: slots, filter: filter)
        unsafe slots = Self.allocate(old.slots.count * 2, Slot(window: 0, entry: 0))
        unsafe filter = Self.allocate(old.filter.count * 2, 0)
        shift -= 1
        count = 0
        for index in unsafe 0..<old.slots.count where unsafe old.slots[index].window != 0 {
            unsafe insert(old.slots[index].window, Entry(bits: old.slots[index].entry))
        }
        unsafe Self.wipe(old.slots)
        unsafe Self.wipe(old.filter)
    }

    private static func allocate<Element>(_ count: Int, _ empty: Element) -> UnsafeMutableBufferPointer<Element> {
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
        unsafe buffer.initialize(repeating: empty)
        return unsafe buffer
    }

    private static func wipe<Element>(_ buffer: UnsafeMutableBufferPointer<Element>) {
        if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count * MemoryLayout<Element>.stride) }
        unsafe buffer.deallocate()
    }
}

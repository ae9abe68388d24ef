import Synchronization

/// What is asked for once in a process and kept, also if many threads want it at the same time.
package final class FetchedOnce<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private final class Slot: Sendable {
        let value = Mutex<Value?>(nil)
    }

    private let slots = Mutex<[Key: Slot]>([:])

    package init() {}

    /// The value of `key`. Whoever comes while it is being fetched waits for it; a failure is not kept.
    package func value(of key: Key, fetch: () throws(ServiceError) -> Value) throws(ServiceError) -> Value {
        try slot(key).value.withLock { value throws(ServiceError) in
            if let value { return value }
            let fetched = try fetch()
            value = fetched
            return fetched
        }
    }

    /// Drops the value of `key` if it is stale, and not another one that has come in its place.
    package func forget(_ key: Key, if isStale: (Value) -> Bool) {
        slot(key).value.withLock { value in
            if value.map(isStale) == true { value = nil }
        }
    }

    private func slot(_ key: Key) -> Slot {
        slots.withLock { slots in
            if let slot = slots[key] { return slot }
            let slot = Slot()
            slots[key] = slot
            return slot
        }
    }
}

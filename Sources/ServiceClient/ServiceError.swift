package import PublisherPlugin

/// x
package struct ServiceError: Error { package var error: PublisherError }

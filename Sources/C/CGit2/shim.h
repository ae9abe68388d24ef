#pragma once
#include <git2.h>
#include <git2/sys/transport.h>
#include <stdlib.h>
#include <string.h>
#if __has_include(<git2/sys/errors.h>)
// Where git_error_clear has been since 1.8.
#include <git2/sys/errors.h>
#endif

// git_libgit2_opts is variadic, which Swift does not import. The options of a connection differ between libgit2 1.5 and
// 1.9, so they are filled here.

/// Lets the library look for configuration, and for `.ssh/known_hosts`, in this folder and nowhere else.
static inline int ork_git_set_home(const char *_Nonnull path) {
    int error = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, path);
    if (error == 0) error = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_XDG, path);
    if (error == 0) error = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_SYSTEM, path);
    if (error == 0) error = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_PROGRAMDATA, path);
#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 7
    if (error == 0) error = git_libgit2_opts(GIT_OPT_SET_HOMEDIR, path);
#endif
    return error;
}

/// Certificate authorities from this file.
static inline int ork_git_set_authorities(const char *_Nonnull file) {
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, NULL);
}

/// Has the files of repositories written through to the disk.
static inline int ork_git_set_durable(void) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

/// Milliseconds for a connection and for an answer, where the library has a limit (1.7).
static inline int ork_git_set_timeouts(int connect, int answer) {
#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 7
    int error = git_libgit2_opts(GIT_OPT_SET_SERVER_CONNECT_TIMEOUT, connect);
    return error == 0 ? git_libgit2_opts(GIT_OPT_SET_SERVER_TIMEOUT, answer) : error;
#else
    (void)connect;
    (void)answer;
    return 0;
#endif
}

/// A connection as libgit2 makes it, over HTTPS or SSH, which also notes what the server says first.
typedef struct {
    git_smart_subtransport parent;
    git_smart_subtransport *_Nonnull inner;
    char greeting[8192];
    size_t count;
} ork_git_connection;

typedef struct {
    git_smart_subtransport_stream parent;
    git_smart_subtransport_stream *_Nonnull inner;
} ork_git_listing;

static inline int ork_git_listing_read(git_smart_subtransport_stream *_Nonnull stream, char *_Nonnull buffer,
                                       size_t size, size_t *_Nonnull count) {
    git_smart_subtransport_stream *inner = ((ork_git_listing *)stream)->inner;
    ork_git_connection *connection = (ork_git_connection *)stream->subtransport;
    int error = inner->read(inner, buffer, size, count);
    size_t room = sizeof connection->greeting - connection->count;
    size_t part = error ? 0 : *count < room ? *count : room;
    memcpy(connection->greeting + connection->count, buffer, part);
    connection->count += part;
    return error;
}

static inline int ork_git_listing_write(git_smart_subtransport_stream *_Nonnull stream, const char *_Nonnull buffer,
                                        size_t size) {
    git_smart_subtransport_stream *inner = ((ork_git_listing *)stream)->inner;
    return inner->write(inner, buffer, size);
}

static inline void ork_git_listing_free(git_smart_subtransport_stream *_Nonnull stream) {
    git_smart_subtransport_stream *inner = ((ork_git_listing *)stream)->inner;
    inner->free(inner);
    free(stream);
}

static inline int ork_git_connection_action(git_smart_subtransport_stream *_Nullable *_Nonnull out,
                                            git_smart_subtransport *_Nonnull transport, const char *_Nonnull url,
                                            git_smart_service_t service) {
    ork_git_connection *connection = (ork_git_connection *)transport;
    int error = connection->inner->action(out, connection->inner, url, service);
    int lists = service == GIT_SERVICE_UPLOADPACK_LS || service == GIT_SERVICE_RECEIVEPACK_LS;
    if (error || !lists) return error;
    ork_git_listing *listing = calloc(1, sizeof *listing);
    if (!listing) return -1;
    listing->parent.subtransport = transport;
    listing->parent.read = ork_git_listing_read;
    listing->parent.write = ork_git_listing_write;
    listing->parent.free = ork_git_listing_free;
    listing->inner = *out;
    *out = &listing->parent;
    return 0;
}

static inline int ork_git_connection_close(git_smart_subtransport *_Nonnull transport) {
    ork_git_connection *connection = (ork_git_connection *)transport;
    return connection->inner->close(connection->inner);
}

static inline void ork_git_connection_free(git_smart_subtransport *_Nonnull transport) {
    ork_git_connection *connection = (ork_git_connection *)transport;
    connection->inner->free(connection->inner);
    free(connection);
}

/// Makes a connection for a transport of libgit2; `kept` is where its pointer goes, for as long as the remote lives.
static inline int ork_git_connection_new(git_smart_subtransport *_Nullable *_Nonnull out, git_transport *_Nonnull owner,
                                         git_smart_subtransport_cb _Nonnull make, void *_Nonnull kept) {
    ork_git_connection *connection = calloc(1, sizeof *connection);
    git_smart_subtransport *inner = NULL;
    int error = connection ? make(&inner, owner, NULL) : -1;
    if (error || !inner) {
        free(connection);
        return error ? error : -1;
    }
    connection->parent.action = ork_git_connection_action;
    connection->parent.close = ork_git_connection_close;
    connection->parent.free = ork_git_connection_free;
    connection->inner = inner;
    *out = &connection->parent;
    *(ork_git_connection **)kept = connection;
    return 0;
}

static inline int ork_git_connection_https(git_smart_subtransport *_Nullable *_Nonnull out,
                                           git_transport *_Nonnull owner, void *_Nonnull kept) {
    return ork_git_connection_new(out, owner, git_smart_subtransport_http, kept);
}

static inline int ork_git_connection_ssh(git_smart_subtransport *_Nullable *_Nonnull out,
                                         git_transport *_Nonnull owner, void *_Nonnull kept) {
    return ork_git_connection_new(out, owner, git_smart_subtransport_ssh, kept);
}

/// What the server of a connection has said first, as far as it was kept.
static inline const char *_Nonnull ork_git_greeting(const ork_git_connection *_Nonnull connection,
                                                    size_t *_Nonnull count) {
    *count = connection->count;
    return connection->greeting;
}

/// The transport of a remote, over such a connection.
static inline int ork_git_transport(git_transport *_Nullable *_Nonnull out, git_remote *_Nonnull remote, int is_ssh,
                                    ork_git_connection *_Nullable *_Nonnull kept) {
    git_smart_subtransport_definition definition = {is_ssh ? ork_git_connection_ssh : ork_git_connection_https,
                                                    !is_ssh, kept};
    return git_transport_smart(out, remote, &definition);
}

/// Begins a request to the server of a connection.
static inline int ork_git_request(git_smart_subtransport_stream *_Nullable *_Nonnull out,
                                  ork_git_connection *_Nonnull connection, const char *_Nonnull url,
                                  git_smart_service_t service) {
    return connection->inner->action(out, connection->inner, url, service);
}

/// What is called during an exchange with a remote; `payload` is the last argument of each.
typedef struct {
    git_credential_acquire_cb _Nonnull credentials;
    git_transport_certificate_check_cb _Nonnull certificate;
    git_transport_cb _Nonnull transport;
    void *_Nonnull payload;
} ork_git_calls;

/// Connects, through a proxy that the environment names, and follows no redirection to another host.
static inline int ork_git_connect(git_remote *_Nonnull remote, git_direction direction,
                                  const ork_git_calls *_Nonnull calls) {
    git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
    options.callbacks.credentials = calls->credentials;
    options.callbacks.certificate_check = calls->certificate;
    options.callbacks.transport = calls->transport;
    options.callbacks.payload = calls->payload;
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    return git_remote_connect_ext(remote, direction, &options);
}

/// The text of a commit; `parent` is NULL for the first one. The type of the list of parents is not the same in all
/// versions.
static inline int ork_git_commit_text(git_buf *_Nonnull out, git_repository *_Nonnull repository,
                                      const git_signature *_Nonnull author, const git_signature *_Nonnull committer,
                                      const char *_Nonnull message, const git_tree *_Nonnull tree,
                                      git_commit *_Nullable parent) {
    void *parents[] = {parent};
    return git_commit_create_buffer(out, repository, author, committer, NULL, message, tree, parent ? 1 : 0,
                                    (void *)parents);
}

/// The SHA-256 digest of a host key, 32 bytes; NULL if the library has none, or it is no host key.
static inline const unsigned char *_Nullable ork_git_host_key_digest(const git_cert *_Nonnull certificate) {
    const git_cert_hostkey *key = (const git_cert_hostkey *)certificate;
    if (certificate->cert_type != GIT_CERT_HOSTKEY_LIBSSH2 || !(key->type & GIT_CERT_SSH_SHA256)) return NULL;
    return key->hash_sha256;
}

/// The host key in the form of RFC 4253 §6.6 and its length; NULL if the library has none.
static inline const void *_Nullable ork_git_host_key(const git_cert *_Nonnull certificate, size_t *_Nonnull count) {
    const git_cert_hostkey *key = (const git_cert_hostkey *)certificate;
    if (certificate->cert_type != GIT_CERT_HOSTKEY_LIBSSH2 || !(key->type & GIT_CERT_SSH_RAW)) return NULL;
    *count = key->hostkey_len;
    return key->hostkey;
}

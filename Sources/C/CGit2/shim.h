#pragma once
#include <git2.h>
#include <string.h>
#if __has_include(<git2/sys/errors.h>)
// Where git_error_clear has been since 1.8.
#include <git2/sys/errors.h>
#endif

// git_libgit2_opts is variadic, which Swift does not import. The options of fetch, push and connect differ between
// libgit2 1.5 and 1.9, so that they are filled here.

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

/// What is called during an exchange with a remote; `payload` is the last argument of each.
typedef struct {
    git_credential_acquire_cb _Nonnull credentials;
    git_transport_certificate_check_cb _Nonnull certificate;
    git_push_update_reference_cb _Nonnull reference;
    git_push_negotiation _Nonnull negotiation;
    void *_Nonnull payload;
} ork_git_calls;

static inline git_remote_callbacks ork_git_callbacks(const ork_git_calls *_Nonnull calls) {
    git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
    callbacks.credentials = calls->credentials;
    callbacks.certificate_check = calls->certificate;
    callbacks.push_update_reference = calls->reference;
    callbacks.push_negotiation = calls->negotiation;
    callbacks.payload = calls->payload;
    return callbacks;
}

/// Connects, through a proxy that the environment names, and follows no redirection to another host.
static inline int ork_git_connect(git_remote *_Nonnull remote, git_direction direction,
                                  const ork_git_calls *_Nonnull calls) {
    git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
    options.callbacks = ork_git_callbacks(calls);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    return git_remote_connect_ext(remote, direction, &options);
}

/// Fetches one reference; without `history` its newest commit only, where the library can (1.7).
static inline int ork_git_fetch(git_remote *_Nonnull remote, const char *_Nonnull refspec, int history,
                                const ork_git_calls *_Nonnull calls) {
    char *texts[] = {(char *)refspec};
    git_strarray refspecs = {texts, 1};
    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
    options.callbacks = ork_git_callbacks(calls);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    options.update_fetchhead = 0;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 7
    // The transport for local paths has no depth.
    const char *url = git_remote_url(remote);
    int is_remote = url && url[0] != '/' && strncmp(url, "file:", 5);
    if (is_remote) options.depth = history ? GIT_FETCH_DEPTH_UNSHALLOW : 1;
#else
    (void)history;
#endif
    return git_remote_fetch(remote, &refspecs, &options, NULL);
}

/// Pushes one reference.
static inline int ork_git_push(git_remote *_Nonnull remote, const char *_Nonnull refspec,
                               const ork_git_calls *_Nonnull calls) {
    char *texts[] = {(char *)refspec};
    git_strarray refspecs = {texts, 1};
    git_push_options options = GIT_PUSH_OPTIONS_INIT;
    options.callbacks = ork_git_callbacks(calls);
    options.proxy_opts.type = GIT_PROXY_AUTO;
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    return git_remote_push(remote, &refspecs, &options);
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

#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift does not import: one function for each type of
// argument, and the non-null marks that the header lacks.

/// Sets an option that takes a number or a flag.
static inline CURLcode ork_curl_set_number(CURL *_Nonnull handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

/// Sets an option that takes text, which libcurl copies.
static inline CURLcode ork_curl_set_text(CURL *_Nonnull handle, CURLoption option, const char *_Nonnull value) {
    return curl_easy_setopt(handle, option, value);
}

/// Sets a bearer token, which libcurl copies, and asks for no other kind of authentication.
static inline CURLcode ork_curl_set_bearer(CURL *_Nonnull handle, const char *_Nonnull token) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_XOAUTH2_BEARER, token) : code;
}

/// Sets the header fields, which must outlive the transfer.
static inline CURLcode ork_curl_set_headers(CURL *_Nonnull handle, struct curl_slist *_Nullable value) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, value);
}

/// Sets the address to connect to in place of the one in the URL; the list must outlive the transfer.
static inline CURLcode ork_curl_set_connect_to(CURL *_Nonnull handle, struct curl_slist *_Nullable value) {
    return curl_easy_setopt(handle, CURLOPT_CONNECT_TO, value);
}

/// Sets an option that takes a file's content as bytes, which must outlive the handle.
static inline CURLcode ork_curl_set_blob(CURL *_Nonnull handle, CURLoption option, void *_Nonnull bytes, size_t count) {
    struct curl_blob blob = {bytes, count, CURL_BLOB_NOCOPY};
    return curl_easy_setopt(handle, option, &blob);
}

/// Takes the value of an option away that takes text, libcurl's own default too.
static inline CURLcode ork_curl_clear_text(CURL *_Nonnull handle, CURLoption option) {
    return curl_easy_setopt(handle, option, (char *)NULL);
}

/// Sets the body, which must outlive the transfer.
static inline CURLcode ork_curl_set_body(CURL *_Nonnull handle, const void *_Nonnull bytes, size_t count) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bytes) : code;
}

/// Sets what takes the bytes of the response body, and its last argument.
static inline CURLcode ork_curl_set_receiver(CURL *_Nonnull handle, curl_write_callback _Nonnull callback,
                                             void *_Nonnull context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_WRITEDATA, context) : code;
}

/// Sets what takes the lines of the response's head, and its last argument.
static inline CURLcode ork_curl_set_head_receiver(CURL *_Nonnull handle, curl_write_callback _Nonnull callback,
                                                  void *_Nonnull context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_HEADERDATA, context) : code;
}

/// Sets what is called when the connection stands and before the first byte of the request goes out, and its first
/// argument.
static inline CURLcode ork_curl_set_prerequest(CURL *_Nonnull handle, curl_prereq_callback _Nonnull callback,
                                               void *_Nonnull context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_PREREQDATA, context) : code;
}

/// The status of the last response, 0 without one.
static inline long ork_curl_response_status(CURL *_Nonnull handle) {
    long status = 0;
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

/// The status of a proxy's last answer to CONNECT, 0 without one.
static inline long ork_curl_tunnel_status(CURL *_Nonnull handle) {
    long status = 0;
    return curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK ? status : 0;
}

/// The result of a finished transfer; a union in C, which Swift reads only unsafely.
static inline CURLcode ork_curl_message_result(const CURLMsg *_Nonnull message) {
    return message->data.result;
}

/*-------------------------------------------------------------------------
 *
 * http_outcome.c
 *	  How a transfer ended, from libcurl's words to HttpResult.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "base/compat.h"
#include "http/http_data.h"

/* What libcurl calls a header of more than 100 kB. */
#if LIBCURL_VERSION_NUM >= 0x080600
#define LINE_TOO_LONG CURLE_TOO_LARGE
#else
#define LINE_TOO_LONG CURLE_OUT_OF_MEMORY
#endif

/* Blanks what could upset a log: the far side has a hand in these texts. */
static void
copy_ascii(char *target, size_t size, const char *source)
{
	size_t		i;

	for (i = 0; i < size - 1 && source[i]; i++)
		target[i] = source[i] >= 0x20 && source[i] < 0x7f ? source[i] : '?';
	target[i] = '\0';
}

static HttpOutcome
outcome_of(const HttpCall *call, CURLcode code)
{
	long		sent = 0;

	curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent);
	if (call->too_large)
		return HTTP_TOO_LARGE;
	if (call->unusable)
		return HTTP_BROKEN;
	if (code == CURLE_OK)
		return HTTP_ANSWERED;
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
		code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR)
		return HTTP_UNTRUSTED;
	if (sent == 0)
		return HTTP_NO_CONNECTION;
	return code == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMED_OUT : HTTP_BROKEN;
}

static const char *
error_of(const HttpCall *call, CURLcode code)
{
	if (call->repeated)
		return "kept connection was lost";
	if (call->unusable)
		return call->unusable;
	if (code == LINE_TOO_LONG && call->result.body_length == 0)
		return "a header of the answer is too long";
	return call->error[0] ? call->error : curl_easy_strerror(code);
}

/* The host that a redirect names, without what else its URL may carry. */
static void
read_location(HttpCall *call)
{
	char	   *url = NULL;
	char	   *host = NULL;
	CURLU	   *parts = curl_url();

	if (parts != NULL &&
		curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &url) == CURLE_OK &&
		url != NULL &&
		curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		copy_ascii(call->result.location, sizeof(call->result.location), host);
	curl_free(host);
	curl_url_cleanup(parts);
}

static void
read_retry_after(HttpCall *call)
{
	int64		now = call->result.date >= 0 ? call->result.date : (int64) time(NULL);

	if (call->retry_seconds >= 0)
		call->result.retry_after = call->retry_seconds * 1000;
	else if (call->retry_date >= 0)
		call->result.retry_after = Max(call->retry_date - now, 0) * 1000;
}

void
http_read_outcome(HttpCall *call, CURLcode code)
{
	HttpResult *result = &call->result;
	long		status = 0;
	curl_off_t	received = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
	http_decode_end(call, code == CURLE_OK);
	result->status = status;
	result->wire_bytes = received;
	result->outcome = outcome_of(call, code);
	if (result->outcome == HTTP_TOO_LARGE)
		snprintf(result->error, sizeof(result->error),
				 "answer is larger than " INT64_FORMAT " bytes",
				 call->max_response_size);
	else if (result->outcome != HTTP_ANSWERED)
		copy_ascii(result->error, sizeof(result->error), error_of(call, code));
	if (status >= 300 && status < 400)
		read_location(call);
	read_retry_after(call);
}

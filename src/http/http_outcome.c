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

/* When the certificate of the other side ends, 0 unknown: its own is the first. */
static int64
certificate_until(CURL *easy)
{
	static const char field[] = "Expire date:";
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL || info->num_of_certs < 1)
		return 0;
	for (const struct curl_slist *line = info->certinfo[0]; line; line = line->next)
		if (strncmp(line->data, field, strlen(field)) == 0)
			return Max((int64) curl_getdate(line->data + strlen(field), NULL), 0);
	return 0;
}

static void
read_way(HttpCall *call)
{
	HttpWay    *way = &call->result.way;
	curl_off_t	resolved = 0;
	curl_off_t	connected = 0;
	curl_off_t	secured = 0;
	curl_off_t	ended = 0;
	long		connections = 0;
	long		version = 0;

	curl_easy_getinfo(call->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	curl_easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(call->easy, CURLINFO_APPCONNECT_TIME_T, &secured);
	curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &ended);
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connections);
	curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
	way->resolved_us = resolved;
	way->connected_us = connected;
	way->secured_us = secured;
	way->ended_us = ended;
	way->untrusted = call->result.outcome == HTTP_UNTRUSTED;
	way->fresh = connections > 0;
	way->version = version == CURL_HTTP_VERSION_1_0 ? 10 : version == CURL_HTTP_VERSION_1_1 ? 11 :
		version >= CURL_HTTP_VERSION_2_0 ? 20 : 0;
	way->certificate_until = certificate_until(call->easy);
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
	if (call->measured)
		read_way(call);
}

#pragma once

#include <string>
#include <vector>

namespace gatehouse::identity {

// What Chromium 156 and its virtual authenticator (CTAP 2.1, discoverable, user verified) gave to a
// page at http://localhost:33379, as `toJSON()` wrote it: by each algorithm a passkey that was
// made, and two sign-ins with it.
struct RecordedSignIn {
  std::string challenge, client_data, authenticator_data, signature;
};
struct Recorded {
  int algorithm = 0;
  std::string challenge, client_data, attestation, credential_id;
  std::vector<RecordedSignIn> sign_ins;
};

// clang-format off
inline const std::vector<Recorded> kRecordedPasskeys = {
    {-7,
     "U7b1YQNKY1jlx1SgqjKWl9WAaoXymLcp7Zp4qzSrWuk",
     "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiVTdiMVlRTktZMWpseDFTZ3FqS1dsOVdB"
     "YW9YeW1MY3A3WnA0cXpTcld1ayIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09y"
     "aWdpbiI6ZmFsc2UsIm90aGVyX2tleXNfY2FuX2JlX2FkZGVkX2hlcmUiOiJkbyBub3QgY29tcGFyZSBjbGll"
     "bnREYXRhSlNPTiBhZ2FpbnN0IGEgdGVtcGxhdGUuIFNlZSBodHRwczovL2dvby5nbC95YWJQZXgifQ",
     "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NF"
     "AAAAAQECAwQFBgcIAQIDBAUGBwgAIHgYHpbEJMqPfjL6LkEDYmT0BZMkej4JcKHmU6TIGrqFpQECAyYgASFY"
     "IDn8Md4KmX8o8riOfr-LD1mTBfMG-tGmWgtGgU5-1i2OIlggXzWWQIBPd385XXhCiIPNo4exTq69_dBEiuYi"
     "l-stabA",
     "eBgelsQkyo9-MvouQQNiZPQFkyR6PglwoeZTpMgauoU",
     {
       {"5xYUv-z4mD9FaQuXqW7GsSx-5N3GEMT_6gE9vgMDpkg",
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiNXhZVXYtejRtRDlGYVF1WHFXN0dzU3gtNU4z"
        "R0VNVF82Z0U5dmdNRHBrZyIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09yaWdp"
        "biI6ZmFsc2UsIm90aGVyX2tleXNfY2FuX2JlX2FkZGVkX2hlcmUiOiJkbyBub3QgY29tcGFyZSBjbGllbnRE"
        "YXRhSlNPTiBhZ2FpbnN0IGEgdGVtcGxhdGUuIFNlZSBodHRwczovL2dvby5nbC95YWJQZXgifQ",
        "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
        "MEQCIG8-dZk2vKx2crEzyLPaEPQuD56wge04sEafY2ZM4-4DAiB9Bmd-rYldXkcOXvtV28y5v2_DXWJBKpC9"
        "UCbRyr2c1A"},
       {"PpZEdwu3Xu9haHny9luEmqMrQhGL0nQw-D7lcHIrrC0",
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiUHBaRWR3dTNYdTloYUhueTlsdUVtcU1yUWhH"
        "TDBuUXctRDdsY0hJcnJDMCIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09yaWdp"
        "biI6ZmFsc2V9",
        "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAw",
        "MEUCICAD-fzewm3ofOrvFDu1nuUOmwQ8H2741jWoxwHeL_oSAiEA1Ckpfv1KkFOZe0aaF0-13LMCaeYkB5ho"
        "3PYH9wigGeA"},
     }},
    {-8,
     "uuGrZLN62FE5PLcAJK15fsXU6fDEnYEcJjkcv2m-Oz4",
     "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoidXVHclpMTjYyRkU1UExjQUpLMTVmc1hV"
     "NmZERW5ZRWNKamtjdjJtLU96NCIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09y"
     "aWdpbiI6ZmFsc2V9",
     "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YViBSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NF"
     "AAAAAQECAwQFBgcIAQIDBAUGBwgAIBrO7lbEeTPSuteISsoFQP0eBKQeu0o2uEiZuWv8iC4dpAEBAycgBiFY"
     "IH8bnugkESj9uzAOflcrocmMyAKUdUULmznZ_p4OwJp6",
     "Gs7uVsR5M9K614hKygVA_R4EpB67Sja4SJm5a_yILh0",
     {
       {"V8Leyh9zP1rwM1edGnRAqPsRdGZTKH-7tBjPJcR1MrM",
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiVjhMZXloOXpQMXJ3TTFlZEduUkFxUHNSZEda"
        "VEtILTd0QmpQSmNSMU1yTSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09yaWdp"
        "biI6ZmFsc2V9",
        "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
        "bPvtz-JU_ufHLEEYlHlKXny_WsfjlAb9cC-qFO1GkSlmsr2OCBVfCkxi5PAxkMsl8_Vb605eq53XhCpJPeQI"
        "DQ"},
       {"ZiQw8S8zwzHiWk0wq0f_OyxYmn-ipMzhGUt1Z4qKFsQ",
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiWmlRdzhTOHp3ekhpV2swd3EwZl9PeXhZbW4t"
        "aXBNemhHVXQxWjRxS0ZzUSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09yaWdp"
        "biI6ZmFsc2UsIm90aGVyX2tleXNfY2FuX2JlX2FkZGVkX2hlcmUiOiJkbyBub3QgY29tcGFyZSBjbGllbnRE"
        "YXRhSlNPTiBhZ2FpbnN0IGEgdGVtcGxhdGUuIFNlZSBodHRwczovL2dvby5nbC95YWJQZXgifQ",
        "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAw",
        "jWd-aZGKhfOdvEZq7jAp3QJh1R1qFmMocESvmFYi5MhoN7u7X4cLcZLIKWe25YD_cjzY9HHorOsASa43ZdhU"
        "AA"},
     }},
    {-257,
     "ISqRffZTm31TnhtwWqyp27WmoOZfb1dXiZ59axwXLuk",
     "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiSVNxUmZmWlRtMzFUbmh0d1dxeXAyN1dt"
     "b09aZmIxZFhpWjU5YXh3WEx1ayIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09y"
     "aWdpbiI6ZmFsc2UsIm90aGVyX2tleXNfY2FuX2JlX2FkZGVkX2hlcmUiOiJkbyBub3QgY29tcGFyZSBjbGll"
     "bnREYXRhSlNPTiBhZ2FpbnN0IGEgdGVtcGxhdGUuIFNlZSBodHRwczovL2dvby5nbC95YWJQZXgifQ",
     "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVkBZ0mWDeWIDoxodDQXD2R2YFuP5K65ooYyx5lc87qDHZdj"
     "RQAAAAEBAgMEBQYHCAECAwQFBgcIACDXgReAyJkYFZRMQshhikNg5vmYtLNmDCwE4qZHc7KWpqQBAwM5AQAg"
     "WQEAyhTZcb19M2uOoAx3h3f6swVeYjzfWEhzTmexyWMehVDMH8T94FQFcI95I6Ufk5XUcnodIEvPefNiIgUc"
     "_CseHFgW_Saxcyl82Cn-gemQzoOxY1GbMfeInIAtjJUpTekVAN_YcILyicgt21H7p8ErUJtnwmJqSzHdrqo7"
     "k2qDPEHgPElMMiObbMLHCZsdpzER2kbaMR2Ps2pKGYqmED5mvHXBwX-QQ2dGpBhUGYKxGa373BfKdWKQK3aI"
     "mULl2RJpoQBLjeKssMwOkfSfSibyZA57jnkPHlDV-KKkDwIg1qkwRJFugDYQWfcrarwdpnrX3fJJUuWmfU7J"
     "11g8HL8zFyFDAQAB",
     "14EXgMiZGBWUTELIYYpDYOb5mLSzZgwsBOKmR3OylqY",
     {
       {"hpCSfKAeiP7HMiMyYEQg0It2tglax_1LfOLRmTdziMk",
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiaHBDU2ZLQWVpUDdITWlNeVlFUWcwSXQydGds"
        "YXhfMUxmT0xSbVRkemlNayIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09yaWdp"
        "biI6ZmFsc2V9",
        "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg",
        "Mzb4i4HpVBLM25h944lgBGVFT1iYsgYvHS2L7ZtIpWQsaErC11qfLnZASGjxjvVuK7zKEfayIzczn18yRO9k"
        "RcwzPpQDpC8YOIvFWSKJPTlJBFW8c1efT-yHoepiJWXdPH1CHuTxtGROQIWLz4R2X1dHPcC9FYOEwExZKYc6"
        "1NyzfOQ8kERoKIC5GZKgF3DzZ7iVgQmAiCHH3YrfFDwyiqRYfIg8AgZgGhwasS3Jaxek2HvZxBYxw35Zu28R"
        "v8mpTxl8mhgp3QE2lxgHvRg3JS_eEZj05Y3skqqeqn_FwkZ1iiddIRDodTxZtvXpmFVJaYJMGlY1VGGUzyOa"
        "SFcWQA"},
       {"nLY-HjPEzZJBjkH7AxHJq7yqH6SE_i-ND518-1YiT3k",
        "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoibkxZLUhqUEV6WkpCamtIN0F4SEpxN3lxSDZT"
        "RV9pLU5ENTE4LTFZaVQzayIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzMzNzkiLCJjcm9zc09yaWdp"
        "biI6ZmFsc2V9",
        "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAw",
        "BD6NALogWd724krWksF3XeVVnPkLtTTgXiwJTSrPyaccY4LcAySK7piHry6tsddI9fPBwMOiAyNSZXsn7Bpe"
        "1YK0LjDfE1VTmOq7H_m9VvV5iaOeaTxInPxKiqhLR_ilnO9hxFA2lU0eTQ_qMwGnjbfFneHC71uag8hdiJTI"
        "6scbJ2WXdVHcI9i4KBuXTExb8H0ePR05WhcIPbGAy3W4RafT5uszNrFgAZVOoM7XQ6FOzulmKcyc8nB8bdUl"
        "LsEN2ai0JCjHlt84cfVNgheqxqUdWwoqacZMUjrMKKNtUca08lx8VjhUcHoHy7rp0tw-h__WgY7ZViQ3Q7bX"
        "d5PxwQ"},
     }},
};
// clang-format on

}  // namespace gatehouse::identity
